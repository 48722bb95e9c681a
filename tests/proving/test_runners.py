"""Every runner reports each test, behind whatever command, and functions that really change a test are left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .conftest import Verify, environment

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime_js"))

Project = Callable[[Mapping[str, str]], Path]

SHOP = """\
import sys


def total(values):
    result = 0
    for value in values:
        result += value
    return result


def shown(values):
    text = ", ".join(str(value) for value in values)
    return text


def nested(depth):
    return [] if depth == 0 else [nested(depth - 1)]
"""
LINES = """\
def refuse(value):
    reason = f"{value} is refused"
    raise ValueError(reason)
"""
PYTEST = """\
import inspect, sys
import pytest
from shop import lines, shop

def test_total():
    assert shop.total([1, 2]) == 3

def test_source():
    assert inspect.getsource(shop.total).count("\\n") == 5

def test_shown():
    assert shop.shown([1, 2]) == "1, 2"

@pytest.mark.skip(reason="later")
def test_later():
    raise AssertionError

def test_line():
    with pytest.raises(ValueError) as raised:
        lines.refuse(1)
    assert raised.tb.tb_next.tb_lineno == 3
"""
UNITTEST = """\
import inspect, unittest
from shop import shop

class Shop(unittest.TestCase):
    def test_total(self):
        self.assertEqual(shop.total([1, 2]), 3)

    def test_source(self):
        self.assertEqual(inspect.getsource(shop.total).count("\\n"), 5)

    def test_shown(self):
        for values in ([1], [1, 2]):
            with self.subTest(values):
                self.assertTrue(shop.shown(values))
"""


def shop(**files: str) -> dict[str, str]:
    return {
        "pyproject.toml": "[project]\nname='shop'\nversion='1'\n",
        "shop/__init__.py": "",
        "shop/shop.py": SHOP,
        **files,
    }


def test_pytest_behind_make_and_what_two_functions_change(project: Project, verify: Verify) -> None:
    makefile = "check:\n\tpython -m pytest -q tests\n"
    project(shop(**{"shop/lines.py": LINES, "tests/test_shop.py": PYTEST, "Makefile": makefile}))
    found = verify("make check" if shutil.which("make") else "python -m pytest -q tests", "--all-functions")
    assert (found.code, found.status) == (5, "repaired")
    assert found.left == {"shop/lines.py:refuse": "line number", "shop/shop.py:total": "source text"}
    assert found.changed == {"tests/test_shop.py::test_source", "tests/test_shop.py::test_line"}
    assert found.tests["same"] == 5
    assert found.tests["with"][-1]["spans"] > 0
    out = found.output / "shop"
    assert (out / "lines.py").read_text() == LINES
    assert "_tlm" in (out / "shop.py").read_text()
    assert SHOP[SHOP.index("def total") : SHOP.index("def shown")] in (out / "shop.py").read_text()
    passed = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=found.output, env=environment(out.parent / "h"))
    assert passed.returncode == 0


def test_unittest_and_a_project_file_that_remembers(project: Project, verify: Verify) -> None:
    folder = project(shop(**{"tests/__init__.py": "", "tests/test_shop.py": UNITTEST}))
    found = verify("python -m unittest -q", "--verify-save")
    assert found.left == {"shop/shop.py:total": "source text"}
    assert found.changed == {"tests.test_shop.Shop.test_source"}
    assert found.document["verify"]["saved_to"] == str(folder / "pyproject.toml")
    assert tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["telemetry-inject"] == {
        "leave-out": ["shop/shop.py:total"]
    }
    again = verify("python -m unittest -q")
    assert (again.code, again.status, again.left) == (0, "same", {})
    reports = {each["qualname"]: each["reason"] for file in again.document["files"] for each in file["functions"]}
    assert reports["total"] == "left out by name (leave-out)"


def test_a_package_installed_from_the_folder_is_tested_as_a_copy(
    project: Project, verify: Verify, tmp_path: Path
) -> None:
    files = shop(**{"tests/test_shop.py": PYTEST, "shop/lines.py": "def refuse(value):\n    pass\n"})
    folder = project(
        {name.replace("shop/", "src/shop/", name.startswith("shop/")): text for name, text in files.items()}
    )
    # What `pip install -e .` leaves: a file that names the original folder.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    own = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    (site / "editable.pth").write_text(f"{folder / 'src'}\n{own}\n")
    found = verify(f"{tmp_path / 'venv' / 'bin' / 'python'} -m pytest -q tests/test_shop.py::test_source")
    assert found.left == {"src/shop/shop.py:total": "source text"}


GO = {
    "go.mod": "module example.com/shop\n\ngo 1.21\n",
    "shop.go": "package shop\n\nfunc Total(values []int) int {\n\tsum := 0\n\tfor _, value := range values {\n"
    "\t\tsum += value\n\t}\n\treturn sum\n}\n\nfunc Twice(value int) int {\n\tvalue *= 2\n\tvalue += 0\n\treturn value\n}\n",
    "line.go": 'package shop\n\nimport "runtime"\n\nfunc Line() int {\n\t_, _, line, _ := runtime.Caller(0)\n\treturn line\n}\n',
    "shop_test.go": """\
package shop

import "testing"

func TestTotal(t *testing.T) {
	if Total([]int{1, 2}) != 3 || Twice(2) != 4 {
		t.Fatal("wrong")
	}
}

func TestLine(t *testing.T) {
	if Line() != 6 {
		t.Fatalf("runtime.Caller says line %d", Line())
	}
}

func TestAllocs(t *testing.T) {
	values := []int{1, 2, 3}
	if allocs := testing.AllocsPerRun(100, func() { Total(values) }); allocs != 0 {
		t.Fatalf("%v allocs", allocs)
	}
}
""",
}


@pytest.mark.skipif(shutil.which("go") is None and not os.environ.get("CI"), reason="there is no go")
def test_go_lines_and_allocations(project: Project, verify: Verify) -> None:
    project(GO)
    found = verify("go test ./...", "--all-functions", "--verify-build", "go vet ./...")
    assert found.code == 5, found.said
    assert found.left == {"line.go:Line": "line number", "shop.go:Total": "allocation"}
    assert {change.split(" > ")[1] for change in found.changed} == {"TestLine", "TestAllocs"}
    assert (found.output / "line.go").read_text() == GO["line.go"]
    assert "_tlm" in (found.output / "shop.go").read_text()


SUM = "exports.sum = function sum(a, b) { const c = a + b; return c };\nexports.text = function text(f) { const s = String(f); return s.length };\n"
NODE = {
    "node --test": """\
const { test, describe, it } = require("node:test");
const assert = require("node:assert");
const { sum, text } = require("../lib/sum.js");
describe("sum", () => {
  it("adds", () => assert.equal(sum(1, 2), 3));
  it("has its text", () => assert.equal(text(sum), 48, sum.toString()));
  it.skip("later", () => {});
});
""",
    "mocha": """\
const assert = require("assert");
const { sum, text } = require("../lib/sum.js");
describe("sum", () => {
  it("adds", () => assert.equal(sum(1, 2), 3));
  it("has its text", () => assert.equal(text(sum), 48, sum.toString()));
  it.skip("later", () => {});
});
""",
    "jest": """\
const { sum, text } = require("../lib/sum.js");
describe("sum", () => {
  it("adds", () => expect(sum(1, 2)).toBe(3));
  it("has its text", () => expect(sum.toString()).not.toMatch("try"));
  it.skip("later", () => text(sum));
});
""",
    "vitest run": """\
import { describe, expect, it } from "vitest";
import { sum, text } from "../lib/sum.js";
describe("sum", () => {
  it("adds", () => expect(sum(1, 2)).toBe(3));
  it("has its text", () => expect(String(sum)).not.toMatch("try"));
  it.skip("later", () => {});
});
""",
}


@pytest.mark.parametrize("command", NODE)
def test_node_runners_behind_npm(command: str, project: Project, verify: Verify) -> None:
    if command.startswith("vitest"):
        sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))
        from browser_support import modules
    else:
        from runtime_js_support import modules
    module = command.startswith("vitest")
    package = f'{{"name": "sum", "version": "1.0.0", "scripts": {{"test": "{command}"}}}}'
    name = "test/sum.test.mjs" if module else "test/sum.test.js"
    folder = project({"package.json": package, "lib/sum.js": SUM, name: NODE[command]})
    (folder / "node_modules").symlink_to(modules())
    found = verify("npm test", "--include", "/lib/*")
    assert found.code == 5, found.said
    assert found.left == {"lib/sum.js:sum": "source text"}
    assert found.changed == {f"{name} > sum{' ' if command == 'mocha' else ' > '}has its text"}
    assert found.tests["same"] == 3
    assert [found.tests["with"][-1][what] for what in ("passed", "skipped")] == [2, 1]
    assert found.tests["with"][-1]["runners"] == [command.split()[0].replace("run", "").strip()]


def test_an_unknown_runner_says_its_exit_code(project: Project, verify: Verify) -> None:
    check = "import inspect\nfrom shop.shop import shown, total\nassert shown([total([1])]) == '1'\nassert len(inspect.getsource(total)) == 101\n"
    project(shop(**{"check.py": check}))
    found = verify("python check.py", "--include", "/shop/*")
    assert found.left == {"shop/shop.py:total": "source text"}
    assert found.changed == {"(the command)"}


def test_tap_on_standard_output(project: Project, verify: Verify) -> None:
    check = (
        "import inspect\nfrom shop.shop import shown, total\nprint('TAP version 13')\n"
        "print('ok 1 - shown' if shown([1]) == '1' else 'not ok 1 - shown')\n"
        "print('ok 2 - source' if len(inspect.getsource(total)) == 101 else 'not ok 2 - source')\nprint('1..2')\n"
    )
    project(shop(**{"check.py": check}))
    found = verify("python check.py", "--include", "/shop/*")
    assert (found.left.keys(), found.changed) == ({"shop/shop.py:total"}, {"source"})
