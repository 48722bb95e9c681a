"""What the head of a Go file says; the go command is the judge of constraints and imports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from project_tools import call, need, tree

from telemetry_inject.projects.go_source import build_ignored, imports

CONSTRAINTS = {
    "//go:build ignore\n\n": True,
    "//go:build ignore\n": True,
    "//go:build  ignore \r\n\r\n": True,
    "// about\n\n/* more\n*/\n\n//go:build ignore\n\n": True,
    "//go:build ignore && linux\n\n": True,
    "//go:build linux && (ignore && cgo)\n\n": True,
    "// +build ignore\n\n": True,
    "//+build ignore\n\n": True,
    "// +build linux,ignore ignore\n\n": True,
    "// +build linux\n// +build ignore\n\n": True,
    "\ufeff//go:build ignore\n\n": True,
    "//go:build !ignore\n\n": False,
    "//go:build ignore || linux\n\n": False,
    "//go:build !(ignore && linux)\n\n": False,
    "//go:build linux\n\n": False,
    "//go:build linux\n// +build ignore\n\n": False,
    "// +build ignore\n": False,
    "// +build ignore linux\n\n": False,
    "/*\n//go:build ignore\n*/\n": False,
    "//go:builder ignore\n\n": False,
    "// go:build ignore\n\n": False,
    "// ignore\n\n": False,
    "": False,
}


@pytest.mark.parametrize(("head", "ignored"), CONSTRAINTS.items())
def test_build_ignored(head: str, ignored: bool) -> None:
    assert build_ignored(f"{head}package p\n\n//go:build ignore\n".encode()) is ignored


def test_go_leaves_the_same_files_out(tmp_path: Path) -> None:
    files: dict[str, object] = {
        f"f{number}.go": f"{head}package p\n".encode() for number, head in enumerate(CONSTRAINTS)
    }
    tree(tmp_path, {"go.mod": "module m\n\ngo 1.17\n", **files})
    done = call(need("go"), "list", "-json=GoFiles,IgnoredGoFiles", cwd=tmp_path, GOOS="linux", CGO_ENABLED="1")
    assert done.returncode == 0, done.stderr
    expected = {f"f{number}.go" for number, ignored in enumerate(CONSTRAINTS.values()) if ignored}
    assert set(json.loads(done.stdout)["IgnoredGoFiles"]) == expected


@pytest.mark.parametrize("head", ["//go:build " + "(" * 5000 + "ignore", "//go:build ", "//go:build && ignore ||"])
def test_a_broken_constraint_leaves_nothing_out(head: str) -> None:
    assert build_ignored(f"{head}\n\npackage p // ignore\n".encode()) is False


IMPORTS = {
    'package p\nimport "a"\n': ["a"],
    'package p; import `a`; import "b"\n': ["a", "b"],
    'package p\nimport ("a"; "b")\n': ["a", "b"],
    '// x\n/* y */ package /* z */ p // q\n\nimport (\n\tä "a" // one\n\n\t. "b" /* two */\n\t_ "c/d"\n)\nimport "net/http"\n': [
        "a",
        "b",
        "c/d",
        "net/http",
    ],
    'package p\nimport()\nimport /* x */ y /* z */ "a"\n': ["a"],
    '\ufeffpackage p\r\n\r\nimport "C"\r\n': ["C"],
    'package p\n\nvar x = `\nimport "a"\n`\n': [],
    'package p\n\n// import "a"\n/*\nimport "b"\n*/\nfunc f() {}\n': [],
    "package p": [],
    "": [],
}


@pytest.mark.parametrize(("source", "paths"), IMPORTS.items())
def test_imports(source: str, paths: list[str]) -> None:
    assert list(imports(source.encode())) == paths


def test_imports_of_the_standard_library_are_those_that_go_lists() -> None:
    done = call(
        need("go"), "list", "-json=Dir,GoFiles,CgoFiles,Imports", "net/...", "os/...", "runtime/...", cwd=Path.cwd()
    )
    assert done.returncode == 0, done.stderr
    decoder, at, text, seen = json.JSONDecoder(), 0, done.stdout, 0
    while at < len(text.rstrip()):
        package, at = decoder.raw_decode(text, at)
        at += 1
        names = package.get("GoFiles", []) + package.get("CgoFiles", [])
        sources = [(Path(package["Dir"]) / name).read_bytes() for name in names]
        found = {path for source in sources for path in imports(source)}
        vendored = {path.removeprefix("vendor/") for path in package.get("Imports", [])}
        assert found == vendored, package["Dir"]
        seen += len(sources)
    assert seen > 200
