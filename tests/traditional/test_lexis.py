"""What is code and what is not, in the languages that have no grammar here."""

from __future__ import annotations

import re

import pytest

from telemetry_inject.traditional.lexis import mask
from telemetry_inject.traditional.light_packs import light_packs

# language, a line, the same line with " for each string and without comments
LINES = [
    ("ruby", 'def a(x = ")") # c\'omment', 'def a(x = ")'),
    ("ruby", 'puts "a#{x["}"]}b", %w[a b], /re"x/', 'puts ", ", "'),
    ("ruby", "a / b / c # d", "a / b / c"),
    ("ruby", 'x = y ? "}" : ?}', 'x = y ? " : "'),
    ("ruby", "total %(x) % 3", 'total " % 3'),
    ("lua", "local s = [==[ end ]] ]==] .. 'x' -- end", 'local s = " .. "'),
    ("lua", "--[[ function ]] local x", "                 local x"),
    ("php", 'return "{$a["}"]}" . \'}\'; // }', 'return " . ";'),
    ("php", "#[Attribute] # }", "#[Attribute]"),
    ("perl", "my $n = $#{$x}; $#list # }", "my $n = $#{$x}; $#list"),
    ("perl", "$x =~ s{\\}}{a}g if m/}/;", '$x =~ " if ";'),
    ("perl", "my %h = (s => 1, y => 2); $h{s}", "my %h = (s => 1, y => 2); $h{s}"),
    ("perl", "return $a / $b / 2; split /}/, $x;", 'return $a / $b / 2; split ", $x;'),
    ("perl", r'our $none = \""; our $some = \"a"; # "', r"our $none = \"; our $some = \";"),
    ("perl", "sub m { $x } sub s { m{}}; }", 'sub m { $x } sub s { "}; }'),
    ("ruby", "a = $' + $` + b # '", "a = $' + $` + b"),
    ("bash", 'x="$(echo "}" \'}\')" y=${x#*/} # it\'s', 'x=" y="'),
    ("bash", "[[ $# -gt 0 ]] && echo a#b", "[[ $# -gt 0 ]] && echo a#b"),
]


@pytest.mark.parametrize(("language", "line", "expected"), LINES, ids=lambda value: str(value)[:20])
def test_a_line(language: str, line: str, expected: str) -> None:
    before = "<?php\n" if language == "php" else ""
    masked = mask((before + line).encode(), light_packs()[language].config["lexis"]).text.decode()
    assert len(masked) == len(before + line)
    assert re.sub('"+', '"', masked.rpartition("\n")[2]).rstrip() == expected


DOCUMENTS = [
    ("ruby", "puts <<~A, <<-'B'\n  def x\n  A\n  def y\nB\ndef z\n", {2, 3, 4, 5}),
    ("ruby", "=begin\ndef x\n=end\ndef y\n__END__\ndef z\n", {1, 2, 3, 5, 6}),
    ("ruby", 'run <<-"end;", 1\n  def x\n  endless\n  end;\ndef y\n', {2, 3, 4}),
    ("ruby", "class A\n  class << self\n    def x\n", set()),
    ("perl", "if (1) { eval <<'.' }\nsub x {\n}\n.\nsub y {\n", {2, 3, 4}),
    ("perl", "=pod\n\nsub x {\n\n=cut\n\nsub y {\n__END__\nsub z {\n", {1, 2, 3, 4, 5, 8, 9}),
    ("php", "<p>\nfunction x() {\n</p>\n<?php\nfunction y() {\n}\n?>\nfunction z\n", {1, 2, 3, 4, 8}),
    ("php", "<?php\n$x = <<<EOT\nfunction x() {\n  EOT;\nfunction y\n", {1, 3, 4}),
    ("bash", "cat <<-EOF\n\tx() {\n\tEOF\ny() {\n", {2, 3}),
    ("bash", "read x <<< EOF\ny() {\n", set()),
    ("lua", "local s = [[\nfunction x()\n]]\nfunction y()\n", {2, 3}),
]


@pytest.mark.parametrize(("language", "source", "inside"), DOCUMENTS)
def test_lines_inside_of_something(language: str, source: str, inside: set[int]) -> None:
    masked = mask(source.encode(), light_packs()[language].config["lexis"])
    assert masked.inside == inside
    assert len(masked.text) == len(source) and masked.text.count(b"\n") == source.count("\n")


@pytest.mark.parametrize(
    ("language", "source", "line"),
    [
        ("perl", "my $x = 1;\nmy $y = 'a;\nsub x {\n}\n", 2),
        ("perl", "my $y = q{a{};\nsub x {\n}\n", 1),
        ("lua", "local a\n--[[ function\n", 2),
        ("php", "<?php\n/* a\nfunction x() {\n", 2),
        ("ruby", 'a = "x"\nb = "#{a\n', 2),
        ("perl", "my $y = 'a';\n=pod\n\nnever cut\n", 0),
        ("ruby", "a = 'x'\n__END__\n'\n", 0),
    ],
)
def test_a_text_that_does_not_end_is_told(language: str, source: str, line: int) -> None:
    assert mask(source.encode(), light_packs()[language].config["lexis"]).unended == line
