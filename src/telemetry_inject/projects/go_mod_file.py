"""What go.mod, go.work and vendor/modules.txt say, as far as placing a package needs it (go.dev/ref/mod)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

OPENTELEMETRY = "go.opentelemetry.io/"

_TOKEN = re.compile(r"""//.*|"(?:[^"\\\n]|\\.)*+"?|`[^`\n]*+`?|=>|[()\[\]{},]|(?:(?!//)[^\s()\[\]{},])+""")
_GO_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")


@dataclass(frozen=True, slots=True)
class GoMod:
    """A go.mod. `go` is (0, 0) when it names no version; `telemetry` are the OpenTelemetry modules it requires,
    with the versions that are built (replacements count)."""

    module: str
    go: tuple[int, int] = (0, 0)
    telemetry: Mapping[str, str] = field(default_factory=dict)


def parse_go_mod(text: str) -> GoMod:
    """The parts of a go.mod that matter here; `module` is empty when it names none."""
    module, go = "", (0, 0)
    required: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for verb, words in _directives(text):
        if verb == "module" and words:
            module = module or words[0]
        elif verb == "go" and words:
            go = _version(words[0])
        elif verb == "require" and len(words) > 1 and _of_opentelemetry(words[0]):
            required[words[0]] = words[1]
        elif verb == "replace" and "=>" in words and words.index("=>") + 3 == len(words):
            replaced[words[0]] = words[-1]
    return GoMod(module, go, {path: replaced.get(path, version) for path, version in required.items()})


def parse_go_work(text: str) -> tuple[str, ...]:
    """The folders that a go.work uses, as they are written there."""
    return tuple(words[0] for verb, words in _directives(text) if verb == "use" and words)


def vendored_packages(text: str) -> frozenset[str]:
    """The OpenTelemetry packages that a vendor/modules.txt lists."""
    return frozenset(line.strip() for line in text.split("\n") if line.startswith(OPENTELEMETRY))


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every directive with its arguments; the lines of a block come with the block's verb."""
    block = ""
    for line in text.split("\n"):
        words = [_unquoted(word) for word in _TOKEN.findall(line) if not word.startswith("//")]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                yield block, words
        elif words[1:] == ["("]:
            block = words[0]
        else:
            yield words[0], words[1:]


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in '"`' else word


def _version(text: str) -> tuple[int, int]:
    found = _GO_VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _of_opentelemetry(path: str) -> bool:
    return path.startswith(OPENTELEMETRY)
