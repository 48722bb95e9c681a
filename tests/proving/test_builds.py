"""What compilers say is mapped to functions by line; a function with which a project no longer builds is left out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from telemetry_inject.proving.builds import read_diagnostics

from .conftest import Verify

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime_js"))

Project = Callable[[Mapping[str, str]], Path]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("# example.com/x\n./a.go:12:2: undefined: y\n", {"a.go: undefined: y": "a.go:12: undefined: y"}),
        ("src/a.ts(3,5): error TS2322: No.\n", {"src/a.ts: error TS2322: No.": "src/a.ts:3: error TS2322: No."}),
        ("\x1b[96msrc/a.ts\x1b[0m:3:5 - error TS1: No.\n", {"src/a.ts: error TS1: No.": "src/a.ts:3: error TS1: No."}),
        (
            "*** Error compiling 'p/a.py'...\n  File \"p/a.py\", line 7\n    x y\n    ^\nSyntaxError: invalid syntax\n",
            {"p/a.py: SyntaxError: invalid syntax": "p/a.py:7: SyntaxError: invalid syntax"},
        ),
        ("error[E0425]: no value\n --> src/main.rs:2:5\n", {"src/main.rs: error[E0425]: no value": "src/main.rs:2: error[E0425]: no value"}),
        ("A.java:4: error: ';' expected\n", {"A.java: error: ';' expected": "A.java:4: error: ';' expected"}),
        ("ok  example.com/x  0.1s\nListing 'p'...\n12:30:01 done\n", {}),
    ],
)  # fmt: skip
def test_messages_of_compilers(output: str, expected: dict[str, str]) -> None:
    assert read_diagnostics(output).reasons == expected


LIMITED = """\
import pathlib, re, sys

bad = 0
for path in sorted(pathlib.Path("shop").glob("*.py")):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search("_tlm.*price", line):
            print(f"{path}:{number}:1: prices must not be traced")
            bad = 1
sys.exit(bad)
"""
SHOP = "def price(value):\n    value *= 2\n    return value\n\n\ndef name(value):\n    value += ''\n    return value\n"


def test_a_checker_of_the_users_own(project: Project, verify: Verify) -> None:
    project({"pyproject.toml": "", "lint.py": LIMITED, "shop/shop.py": SHOP})
    found = verify("python -m compileall -q shop && python lint.py", "--include", "/shop/*", flag="--verify-build")
    assert (found.code, found.status) == (5, "repaired")
    assert set(found.left) == {"shop/shop.py:price"}
    build = found.document["verify"]["build"]
    assert build["search_runs"] == 0, "the line of the message names the function: nothing has to be searched"
    assert build["changed_at_first"][0]["test"] == "shop/shop.py: prices must not be traced"
    assert "_tlm" in (found.output / "shop" / "shop.py").read_text()


def test_what_no_line_names_is_searched(project: Project, verify: Verify) -> None:
    check = "import sys; sys.exit('price\")' in open('shop/shop.py').read())"
    project({"pyproject.toml": "", "lint.py": check, "shop/shop.py": SHOP})
    found = verify("python lint.py", "--include", "/shop/*", flag="--verify-build")
    assert (found.code, set(found.left)) == (5, {"shop/shop.py:price"})


def test_a_project_that_does_not_build_is_not_proved(project: Project, verify: Verify) -> None:
    project({"pyproject.toml": "", "shop/shop.py": SHOP})
    found = verify("exit 1", flag="--verify-build")
    assert (found.code, found.status) == (6, "unproved")


@pytest.mark.skipif(shutil.which("npm") is None and not os.environ.get("CI"), reason="there is no npm")
def test_the_typescript_compiler(project: Project, verify: Verify) -> None:
    from runtime_js_support import modules

    source = "export function sum(a: number, b: number): number {\n  const c = a + b;\n  return c;\n}\n"
    text = (
        '{"compilerOptions": {"strict": true, "noEmit": true, "module": "commonjs", "types": []}, "include": ["src"]}'
    )
    folder = project({"package.json": '{"name": "x", "version": "1.0.0"}', "tsconfig.json": text, "src/a.ts": source})
    (folder / "node_modules").symlink_to(modules())
    found = verify("npx tsc -p .", flag="--verify-build")
    assert (found.code, found.status) == (0, "same")
    assert "_tlm" in (found.output / "src" / "a.ts").read_text()
