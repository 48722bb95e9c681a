"""Where the Go helper goes, what it is imported as, and that the go command agrees."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from project_tools import HELPER_GO, go, tree

from telemetry_inject.projects.go_mod_file import parse_go_mod, parse_go_work
from telemetry_inject.projects.go_module import NO_MODULE, GoModules, GoPlace

MOD = "module example.com/m\n\ngo 1.21\n"


def place(root: Path, name: str) -> GoPlace:
    modules = GoModules(root)
    found = modules.place(name)
    assert found is not None, modules.why_not(name)
    return found


def use_helper(root: Path, names: Iterable[str]) -> list[GoPlace]:
    """Put the helper, and packages that import it, where a run would put them."""
    modules = GoModules(root)
    places = []
    for name in names:
        found = modules.place(name)
        assert found is not None, modules.why_not(name)
        text = f'package p\n\nimport _tlm "{found.import_path}"\n\nvar _ = _tlm.Flush(1)\n'
        tree(root, {name: text, (found.home / "helper.go").as_posix(): HELPER_GO})
        places.append(found)
    return places


@pytest.mark.parametrize(
    ("files", "names", "homes", "paths"),
    [
        pytest.param(
            {"go.mod": MOD},
            ["x.go", "a/b/x.go", "internal/c/x.go"],
            ["internal/telemetryinject"] * 3,
            ["example.com/m/internal/telemetryinject"] * 3,
            id="one module",
        ),
        pytest.param(
            {"go.mod": MOD, "tools/go.mod": "module example.com/m/tools\ngo 1.21\n"},
            ["x.go", "tools/a/x.go"],
            ["internal/telemetryinject", "tools/internal/telemetryinject"],
            ["example.com/m/internal/telemetryinject", "example.com/m/tools/internal/telemetryinject"],
            id="a module in a module",
        ),
        pytest.param(
            {"go.mod": "module example.com/m/v3 // third\ngo 1.21\n"},
            ["a/x.go"],
            ["internal/telemetryinject"],
            ["example.com/m/v3/internal/telemetryinject"],
            id="major version",
        ),
        pytest.param(
            {"go.mod": "module gopkg.in/yaml.v3\ngo 1.21\n"},
            ["x.go"],
            ["internal/telemetryinject"],
            ["gopkg.in/yaml.v3/internal/telemetryinject"],
            id="gopkg.in",
        ),
        pytest.param(
            {"go.mod": 'module "example.com/m"\ngo 1.21\n'},
            ["x.go"],
            ["internal/telemetryinject"],
            ["example.com/m/internal/telemetryinject"],
            id="quoted",
        ),
        pytest.param(
            {"go.mod": "// about\r\nmodule (\r\n\texample.com/m // it\r\n)\r\n\r\ngo 1.21\r\n"},
            ["x.go"],
            ["internal/telemetryinject"],
            ["example.com/m/internal/telemetryinject"],
            id="block, CRLF",
        ),
        pytest.param(
            {"go.mod": "module m\ngo 1.21\n", "internal/go.mod": "module m/internal\ngo 1.21\n"},
            ["x.go", "internal/a/x.go"],
            ["telemetryinject", "internal/internal/telemetryinject"],
            ["m/telemetryinject", "m/internal/internal/telemetryinject"],
            id="internal is another module",
        ),
        pytest.param(
            {"go.mod": MOD, "internal": "a file"},
            ["x.go"],
            ["telemetryinject"],
            ["example.com/m/telemetryinject"],
            id="internal is a file",
        ),
        pytest.param(
            {
                "go.work": "go 1.21\nuse (\n\t./one // first\n\t./two\n)\nuse ./three\n",
                "one/go.mod": "module example.com/one\ngo 1.21\n",
                "two/go.mod": "module example.com/two\ngo 1.21\n",
                "three/go.mod": "module example.com/three\ngo 1.21\n",
            },
            ["one/x.go", "two/a/x.go", "three/x.go"],
            ["one/internal/telemetryinject", "two/internal/telemetryinject", "three/internal/telemetryinject"],
            [f"example.com/{name}/internal/telemetryinject" for name in ("one", "two", "three")],
            id="workspace",
        ),
    ],
)
def test_go_builds_what_imports_the_helper(
    tmp_path: Path, files: dict[str, object], names: list[str], homes: list[str], paths: list[str]
) -> None:
    found = use_helper(tree(tmp_path, files), names)
    assert [each.home.as_posix() for each in found] == homes
    assert [each.import_path for each in found] == paths
    for name, each in zip(names, found, strict=True):
        folder = tmp_path / Path(name).parent
        assert go(folder, "build", "./...") == ""
        assert each.in_workspace is ("go.work" in files)
        assert each.workspace == ("." if "go.work" in files else "")


@pytest.mark.parametrize("above", ["sub", "sub/deep", "internal/deep"])
def test_a_part_of_a_module_is_scanned(tmp_path: Path, above: str) -> None:
    tree(tmp_path, {"go.mod": MOD})
    (found,) = use_helper(tmp_path / above, ["a/b/x.go"])
    assert found.home.as_posix() == "internal/telemetryinject"
    assert found.import_path == f"example.com/m/{above}/internal/telemetryinject"
    assert found.module_folder == "/".join([".."] * (above.count("/") + 1))
    assert go(tmp_path, "build", "./...") == ""


def test_only_the_scanned_part_may_import_the_helper(tmp_path: Path) -> None:
    tree(tmp_path, {"go.mod": MOD})
    (found,) = use_helper(tmp_path / "sub", ["a/x.go"])
    tree(tmp_path, {"other/x.go": f'package other\n\nimport _ "{found.import_path}"\n'})
    assert "use of internal package" in go(tmp_path, "build", "./other")


@pytest.mark.parametrize("flags", ["", "-mod=vendor", "-mod=readonly"])
def test_a_vendored_module_needs_no_entry_for_the_helper(tmp_path: Path, flags: str) -> None:
    tree(
        tmp_path,
        {
            "go.mod": MOD + "\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./dep\n",
            "dep/go.mod": "module example.com/dep\n\ngo 1.21\n",
            "dep/dep.go": "package dep\n",
            "y.go": 'package p\n\nimport _ "example.com/dep"\n',
        },
    )
    assert go(tmp_path, "mod", "vendor") == ""
    (found,) = use_helper(tmp_path, ["x.go"])
    assert found.vendored == frozenset()
    assert go(tmp_path, "build", "./...", GOFLAGS=flags) == ""
    assert go(tmp_path, "vet", "./...", GOFLAGS=flags) == ""
    modules = GoModules(tmp_path)
    assert modules.place("vendor/example.com/dep/dep.go") is None
    assert modules.why_not("vendor/example.com/dep/dep.go") == "vendored code of another module"


@pytest.mark.parametrize("folder", ["testdata", "deep/testdata/src", "_old", ".hidden/x"])
def test_what_the_go_command_ignores_is_left_alone(tmp_path: Path, folder: str) -> None:
    tree(tmp_path, {"go.mod": MOD, f"{folder}/y.go": "package p\n\nfunc Golden() {}\n"})
    assert f"/{folder}" not in go(tmp_path, "list", "./...")
    modules = GoModules(tmp_path)
    assert modules.place(f"{folder}/y.go") is None
    assert modules.why_not(f"{folder}/y.go") == "no package is in such a folder: what tests read"
    assert GoModules(tmp_path / folder).place("y.go") is not None, "asked for by name"


def test_a_vendored_workspace(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "go.work": "go 1.22\nuse ./one\n",
            "one/go.mod": "module example.com/one\n\ngo 1.22\n\nrequire example.com/dep v1.0.0\n\n"
            "replace example.com/dep => ../dep\n",
            "dep/go.mod": "module example.com/dep\n\ngo 1.22\n",
            "dep/dep.go": "package dep\n",
            "one/y.go": 'package p\n\nimport _ "example.com/dep"\n',
        },
    )
    assert go(tmp_path, "work", "vendor") == ""
    (found,) = use_helper(tmp_path, ["one/x.go"])
    assert (found.vendored, found.in_workspace) == (frozenset(), True)
    assert go(tmp_path / "one", "build", "-mod=vendor", "./...") == ""


def test_a_workspace_that_leaves_the_module_out(tmp_path: Path) -> None:
    tree(tmp_path, {"go.work": "go 1.21\n", "one/go.mod": MOD})
    use_helper(tmp_path, ["one/x.go"])
    modules = GoModules(tmp_path)
    found = modules.place("one/x.go")
    assert found is not None
    assert (found.workspace, found.in_workspace) == (".", False)
    assert modules.problems == ("go.work: does not use one: build with GOWORK=off",)
    assert go(tmp_path / "one", "build", ".") != ""
    assert go(tmp_path / "one", "build", ".", GOWORK="off") == ""


def test_the_standard_library_has_no_prefix(tmp_path: Path) -> None:
    tree(tmp_path, {"src/go.mod": "module std\n\ngo 1.26\n"})
    assert place(tmp_path / "src", "strings/x.go").import_path == "internal/telemetryinject"
    (tmp_path / "src/strings").mkdir()
    assert place(tmp_path / "src/strings", "x.go").import_path == "strings/internal/telemetryinject"


def test_a_folder_that_no_import_can_name(tmp_path: Path) -> None:
    tree(tmp_path, {"go.mod": MOD, "my dir/x.go": ""})
    assert GoModules(tmp_path / "my dir").why_not("x.go") == "no import path can name this folder"
    assert GoModules(tmp_path).why_not("my dir/x.go") == ""


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        pytest.param("", ["go.mod: names no module"], id="empty"),
        pytest.param("module\n", ["go.mod: names no module"], id="no name"),
        pytest.param(b"\xff\xfe\x00", ["go.mod: names no module"], id="bytes"),
        pytest.param("x" * (1 << 20) + "x", ["go.mod: larger than 1 MiB"], id="huge"),
    ],
)
def test_a_broken_go_mod_is_told(tmp_path: Path, content: object, problems: list[str]) -> None:
    tree(tmp_path, {"outer/go.mod": MOD, "outer/m/go.mod": content})
    modules = GoModules(tmp_path / "outer/m")
    assert modules.place("a/x.go") is None
    assert modules.why_not("a/x.go") == "go.mod cannot be used"
    assert list(modules.problems) == problems


def test_no_go_mod(tmp_path: Path) -> None:
    tree(tmp_path, {"a/go.mod/x": "", "a/x.go": ""})
    modules = GoModules(tmp_path)
    assert modules.place("a/x.go") is None
    assert modules.why_not("a/x.go") == NO_MODULE
    assert modules.problems == ()


@pytest.mark.parametrize(
    ("text", "version", "importable"),
    [
        pytest.param("require go.opentelemetry.io/otel v1.30.0", "v1.30.0", ["", "/attribute", "/trace"], id="one"),
        pytest.param(
            "require (\n\tgo.opentelemetry.io/otel v1.30.0 // indirect\n\tgo.opentelemetry.io/otel/trace v1.30.0\n)",
            "v1.30.0",
            ["", "/trace"],
            id="block",
        ),
        pytest.param("require go.opentelemetry.io/otel/trace v1.30.0", "", ["/trace"], id="only another module of it"),
        pytest.param("require example.com/go.opentelemetry.io/otel v1.0.0", "", [], id="another path"),
        pytest.param("// require go.opentelemetry.io/otel v1.30.0", "", [], id="comment"),
        pytest.param("exclude go.opentelemetry.io/otel v1.30.0", "", [], id="excluded"),
        pytest.param(
            'require "go.opentelemetry.io/otel" v1.30.0\nreplace go.opentelemetry.io/otel => go.opentelemetry.io/otel v1.31.0',
            "v1.31.0",
            [""],
            id="replaced by a version",
        ),
        pytest.param(
            "require go.opentelemetry.io/otel v1.30.0\nreplace go.opentelemetry.io/otel v1.30.0 => ../otel",
            "v1.30.0",
            [""],
            id="replaced by a folder",
        ),
    ],
)
def test_opentelemetry(tmp_path: Path, text: str, version: str, importable: list[str]) -> None:
    found = place(tree(tmp_path, {"go.mod": f"{MOD}\n{text}\n"}), "x.go")
    assert found.telemetry.get("go.opentelemetry.io/otel", "") == version
    for package in importable:
        assert found.can_import("go.opentelemetry.io/otel" + package)
    assert not found.can_import("go.opentelemetry.io/other")


def test_of_a_vendored_sdk_only_what_is_listed_can_be_imported(tmp_path: Path) -> None:
    listed = "# go.opentelemetry.io/otel v1.30.0\n## explicit; go 1.22\ngo.opentelemetry.io/otel\ngo.opentelemetry.io/otel/codes\n"
    tree(tmp_path, {"go.mod": MOD + "\nrequire go.opentelemetry.io/otel v1.30.0\n", "vendor/modules.txt": listed})
    found = place(tmp_path, "x.go")
    assert found.can_import("go.opentelemetry.io/otel/codes")
    assert not found.can_import("go.opentelemetry.io/otel/trace")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("module m\ngo 1.21.3\n", (1, 21)),
        ("module m\ngo 1.22rc1\n", (1, 22)),
        ("module m\ngo 1.17 // old\n", (1, 17)),
        ("module m\n", (1, 16)),
        ("module m\ngo x\n", (1, 16)),
    ],
)
def test_language_version(tmp_path: Path, text: str, version: tuple[int, int]) -> None:
    assert place(tree(tmp_path, {"go.mod": text}), "x.go").go == version


@pytest.mark.parametrize(
    "text",
    [
        "module example.com/m",
        "\n\n  module   example.com/m//comment",
        'module(\n"example.com/m"\n)',
        "go 1.21\nretract (\n\tv1.0.0 // bad\n\t[v1.1.0, v1.2.0]\n)\ntool example.com/t\nmodule example.com/m\n",
        "module example.com/m\nmodule example.com/other\n",
        "require (\n\tmodule v1.0.0\n)\nmodule example.com/m",
    ],
)
def test_spellings_of_module(text: str) -> None:
    assert parse_go_mod(text).module == "example.com/m"


def test_spellings_of_use() -> None:
    text = 'go 1.21\nuse ./a\nuse (\n\t"./b c"\n\t. // top\n\t/abs\n)\nreplace x => ./y\n'
    assert parse_go_work(text) == ("./a", "./b c", ".", "/abs")


def test_no_file_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, object] = {
        "go.work": "go 1.21\nuse ./a\nuse ./b\n",
        "a/go.mod": MOD,
        "b/go.mod": "module b\n",
        "vendor/modules.txt": "",
        "broken/go.mod": "",
    }
    tree(tmp_path, files)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: (opened.append(str(path)), real(path, *rest))[1])
    modules = GoModules(tmp_path)
    for _ in range(2):
        for name in [f"{top}/{sub}/x.go" for top in ("a", "b", "broken") for sub in "xyz"]:
            modules.place(name)
    assert sorted(opened) == sorted(str(tmp_path / name) for name in files)
