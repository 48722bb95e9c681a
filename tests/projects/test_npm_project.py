"""Where the JavaScript and TypeScript helper goes, and what the project says about importing it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from project_tools import call, need, tree

from telemetry_inject.projects import small_file
from telemetry_inject.projects.npm_project import NpmPlace, NpmProject

PACKAGE = {"package.json": {}}


def place(root: Path, name: str) -> NpmPlace:
    return NpmProject(root).place(name)


def by_node(root: Path, names: list[str]) -> dict[str, str]:
    """How node takes each of these files."""
    tree(root, dict.fromkeys(names, 'console.log(typeof module === "undefined" ? "module" : "commonjs")\n'))
    probe = "".join(f"await import({json.dumps('./' + name)});\n" for name in names)
    done = call(need("node"), "probe.mjs", cwd=tree(root, {"probe.mjs": probe}))
    assert done.returncode == 0, done.stderr
    return dict(zip(names, done.stdout.split(), strict=True))


@pytest.mark.parametrize(
    ("files", "name", "home", "path"),
    [
        pytest.param(PACKAGE, "index.js", ".", ".", id="beside package.json"),
        pytest.param(PACKAGE, "src/a/b.ts", "src", "..", id="topmost folder of the project"),
        pytest.param(PACKAGE, "src/a/b/c/d.ts", "src", "../../..", id="from far below"),
        pytest.param(PACKAGE, "src/b.ts", "src", ".", id="in the topmost folder"),
        pytest.param({"src/tsconfig.json": {}}, "src/a/b/c.ts", "src/a", "..", id="tsconfig.json marks a project"),
        pytest.param({"edge/deno.json": {}}, "edge/a/b/c.ts", "edge/a", "..", id="deno.json marks a project"),
        pytest.param(
            {"package.json": {}, "packages/one/package.json": {}},
            "packages/one/src/a/b.ts",
            "packages/one/src",
            "..",
            id="each package of a monorepo",
        ),
        pytest.param(
            {"package.json": {}, "packages/one/package.json": {}},
            "packages/one/i.js",
            "packages/one",
            ".",
            id="its top",
        ),
        pytest.param({}, "web/js/a.js", "web", "..", id="no project: as if the root were one"),
        pytest.param({}, "a.js", ".", ".", id="no project, top"),
        pytest.param(
            {"package.json": {}, "tsconfig.json": {"compilerOptions": {"rootDir": "src/core"}}},
            "src/core/a/b.ts",
            "src/core",
            "..",
            id="inside of rootDir",
        ),
        pytest.param(
            {"package.json": {}, "tsconfig.json": {"compilerOptions": {"rootDir": "src/core"}}},
            "src/other/a.ts",
            "src",
            "..",
            id="a file outside of rootDir",
        ),
        pytest.param(
            {
                "package.json": {},
                "config/base.json": {"compilerOptions": {"rootDir": "../src/core"}},
                "tsconfig.json": {"extends": "./config/base"},
            },
            "src/core/a/b.ts",
            "src/core",
            "..",
            id="rootDir of an extended file, relative to that file",
        ),
        pytest.param(
            {
                "base.json": {"compilerOptions": {"rootDir": "${configDir}/src/core"}},
                "one/tsconfig.json": {"extends": "../base.json"},
            },
            "one/src/core/a/b.ts",
            "one/src/core",
            "..",
            id="rootDir relative to the configuration that is asked for",
        ),
        pytest.param(
            {"tsconfig.json": {"include": ["src/app"], "compilerOptions": {"composite": True}}},
            "src/app/a/b.ts",
            "src/app",
            "..",
            id="inside of what a composite project includes",
        ),
        pytest.param(
            {"tsconfig.json": {"exclude": ["src/*.ts"]}}, "src/app/a/b.ts", "src/app", "..", id="not where excluded"
        ),
        pytest.param(
            {"tsconfig.json": {"compilerOptions": {"outDir": "dist"}}, "src/app/a/b.ts": "", "src/app/main.ts": ""},
            "src/app/a/b.ts",
            "src/app",
            "..",
            id="not above the folder that all sources share",
        ),
        pytest.param(
            {"tsconfig.json": {"compilerOptions": {"outDir": "dist"}}, "src/app/b.ts": "", "src/lib/c.ts": ""},
            "src/app/b.ts",
            "src",
            "..",
            id="sources share the top folder",
        ),
        pytest.param(
            {"tsconfig.json": {}, "src/app/a/b.ts": "", "src/app/main.ts": ""},
            "src/app/a/b.ts",
            "src",
            "../..",
            id="no output folder, no layout to keep",
        ),
        pytest.param(PACKAGE, "sp ace/ü/a.js", "sp ace", "..", id="any characters"),
    ],
)
def test_home(tmp_path: Path, files: dict[str, object], name: str, home: str, path: str) -> None:
    project = NpmProject(tree(tmp_path, {name: "", **files}))
    found = project.place(name)
    assert (found.home.as_posix(), found.path) == (home, path)
    assert Path(os.path.normpath(tmp_path / Path(name).parent / found.path)) == tmp_path / found.home
    assert project.problems == ()


@pytest.mark.parametrize(
    ("root", "name", "home"),
    [
        pytest.param("", "src/a/b.js", "src", id="the project"),
        pytest.param("src", "a/b.js", ".", id="its sources: the same folder"),
        pytest.param("src/a", "b.js", ".", id="never above the scanned folder"),
        pytest.param("src/a", "c/d/b.js", ".", id="the scanned folder itself"),
    ],
)
def test_a_part_of_a_project_is_scanned(tmp_path: Path, root: str, name: str, home: str) -> None:
    tree(tmp_path, {"package.json": {"type": "module"}, "src/a/c/d/b.js": ""})
    found = place(tmp_path / root, name)
    assert (found.home.as_posix(), found.module_type) == (home, "module")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="no package.json"),
        pytest.param({"package.json": {}}, id="no type"),
        pytest.param({"package.json": {"type": "module"}}, id="module"),
        pytest.param({"package.json": {"type": "commonjs"}}, id="commonjs"),
        pytest.param({"package.json": {"type": "Module"}}, id="capitals"),
        pytest.param({"package.json": {"type": " module"}}, id="a space"),
        pytest.param({"package.json": {"type": ["module"]}}, id="a list"),
        pytest.param({"package.json": '{"type":"module","type":"commonjs"}'}, id="twice"),
        pytest.param({"package.json": '{"type":"mod\\u0075le"}'}, id="escaped"),
        pytest.param({"package.json": b'\xef\xbb\xbf{"type":"module"}'}, id="byte order mark"),
        pytest.param({"package.json": []}, id="no object"),
        pytest.param({"package.json": {"type": "module"}, "a/b/package.json": {}}, id="nearest without type"),
        pytest.param({"package.json": {}, "a/package.json": {"type": "module"}}, id="nearest with type"),
        pytest.param({"package.json": {"type": "module"}, "a/package.json/x": ""}, id="a folder of that name"),
        pytest.param({"node_modules/package.json": {"type": "module"}}, id="beside packages"),
    ],
)
def test_module_type_is_what_node_decides(tmp_path: Path, files: dict[str, object]) -> None:
    names = ["i.js", "a/i.js", "a/b/i.js", "a/node_modules/i.js", "a/node_modules/p/i.js", "node_modules/i.js"]
    project = NpmProject(tree(tmp_path, files))
    assert {name: project.place(name).module_type for name in names} == by_node(tmp_path, names)


def test_links_to_package_json_hold_as_for_node(tmp_path: Path) -> None:
    tree(tmp_path, {"elsewhere/p.json": {"type": "commonjs"}, "package.json": {"type": "module"}})
    for name, target in (("link", "../elsewhere/p.json"), ("broken", "nowhere"), ("loop", "package.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "package.json").symlink_to(target)
    names = ["link/i.js", "broken/i.js", "loop/i.js"]
    assert {name: place(tmp_path, name).module_type for name in names} == by_node(tmp_path, names)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param('{"type": "module",}', "not valid JSON (line 1)", id="trailing comma"),
        pytest.param("", "not valid JSON (line 1)", id="empty"),
        pytest.param("null", "not a JSON object", id="null"),
        pytest.param(b"\xff\xfe\xff\xff\x00", "not valid JSON (line 1)", id="bytes"),
        pytest.param("[" * 200_000, "nested too deeply", id="deep"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "not valid JSON", id="a number without end"),
        pytest.param('{"a":"' + "x" * small_file.LARGEST + '"}', "larger than 1 MiB", id="huge"),
    ],
)
def test_a_broken_package_json_is_told_and_marks_its_project(tmp_path: Path, content: object, words: str) -> None:
    project = NpmProject(tree(tmp_path, {"package.json": {"type": "module"}, "one/package.json": content}))
    found = project.place("one/src/a/b.js")
    assert (found.home.as_posix(), found.module_type) == ("one/src", "commonjs")
    assert project.problems == (f"one/package.json: {words}",)


def test_a_loop_of_links_is_told_once(tmp_path: Path) -> None:
    tree(tmp_path, {"a/b/x.js": ""})
    (tmp_path / "package.json").symlink_to("package.json")
    project = NpmProject(tmp_path)
    assert {project.place(name).module_type for name in ("x.js", "a/x.js", "a/b/x.js")} == {"commonjs"}
    assert len(project.problems) == 1
    assert project.problems[0].startswith("package.json: cannot be read: ")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "package.json")
    os.mkfifo(tmp_path / "tsconfig.json")
    assert place(tmp_path, "a/b.ts").home.as_posix() == "a"


def test_a_deep_tree(tmp_path: Path) -> None:
    name = "d/" * 1500 + "x.js"
    found = place(tree(tmp_path, {"package.json": {"type": "module"}}), name)
    assert (found.home.as_posix(), found.module_type, found.path.count("..")) == ("d", "module", 1499)


@pytest.mark.parametrize(
    ("files", "on"),
    [
        pytest.param({"package.json": {"devDependencies": {"babel-plugin-react-compiler": "1"}}}, True, id="installed"),
        pytest.param(
            {"package.json": {"dependencies": {"babel-plugin-react-compiler": "1"}}, "src/package.json": {}},
            True,
            id="installed for all packages",
        ),
        pytest.param({"package.json": {"devDependencies": {"eslint-plugin-react-compiler": "1"}}}, False, id="lint"),
        pytest.param({"package.json": {"dependencies": {"react": "19"}}}, False, id="react alone"),
        pytest.param(
            {
                "package.json": {"dependencies": {"next": "16"}},
                "next.config.ts": "export default { reactCompiler: true }",
            },
            True,
            id="next",
        ),
        pytest.param(
            {
                "package.json": {"dependencies": {"next": "15"}},
                "next.config.js": "module.exports={experimental:{'reactCompiler':{compilationMode:'annotation'}}}",
            },
            True,
            id="next, experimental, with options",
        ),
        pytest.param(
            {
                "package.json": {"dependencies": {"next": "16"}},
                "next.config.mjs": "export default {reactCompiler: false}",
            },
            False,
            id="next, off",
        ),
        pytest.param(
            {"package.json": {"dependencies": {"next": "16"}}, "next.config.mjs": "x = {\n // reactCompiler: true,\n}"},
            False,
            id="next, in a comment",
        ),
        pytest.param(
            {
                "package.json": {"dependencies": {"expo": "54"}},
                "app.json": {"expo": {"experiments": {"reactCompiler": True}}},
            },
            True,
            id="expo",
        ),
        pytest.param({"package.json": {"dependencies": ["babel-plugin-react-compiler"]}}, False, id="not a mapping"),
        pytest.param({}, False, id="no package.json"),
    ],
)
def test_react_compiler(tmp_path: Path, files: dict[str, object], on: bool) -> None:
    assert place(tree(tmp_path, files), "src/App.jsx").react_compiler is on


def test_no_file_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, object] = {
        "package.json": {"dependencies": {"next": "16"}},
        "next.config.js": "",
        "base.json": {"compilerOptions": {"module": "nodenext"}},
        "one/tsconfig.json": {"extends": "../base.json"},
        "two/tsconfig.json": {"extends": ["../base.json", "../one/tsconfig.json"]},
        "two/broken/tsconfig.json": "{",
    }
    names = [f"{top}/{sub}/{leaf}.ts" for top in ("one", "two", "two/broken") for sub in "abc" for leaf in "xyz"]
    tree(tmp_path, files)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: (opened.append(str(path)), real(path, *rest))[1])
    project = NpmProject(tmp_path)
    for _ in range(2):
        for name in names:
            project.place(name)
    opened = [name for name in opened if name.startswith(str(tmp_path)) and Path(name).exists()]
    assert sorted(opened) == sorted(str(tmp_path / name) for name in files)


def test_the_answer_does_not_depend_on_the_order(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "package.json": {"type": "module"},
            "a/tsconfig.json": {"extends": "../b/tsconfig.json", "compilerOptions": {"outFile": "x.js"}},
            "b/tsconfig.json": {"extends": "../a/tsconfig.json", "compilerOptions": {"module": "nodenext"}},
            "c/tsconfig.json": {"extends": "./none.json"},
        },
    )
    names = ["a/x/y.ts", "b/x/y.ts", "c/x/y.ts", "y.ts"]
    one, two = NpmProject(tmp_path), NpmProject(tmp_path)
    first = {name: one.place(name) for name in names}
    second = {name: two.place(name) for name in reversed(names)}
    assert first == second
    assert one.problems == two.problems
    assert [problem.partition(":")[0] for problem in one.problems] == [
        "a/tsconfig.json",
        "b/tsconfig.json",
        "c/tsconfig.json",
    ]


def test_a_copy_elsewhere_gets_the_same_answer(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "package.json": {"type": "module"},
        "tsconfig.json": {"compilerOptions": {"rootDir": "src"}},
    }
    here = tree(tmp_path / "here", files)
    shutil.copytree(here, tmp_path / "there" / "deeper")
    assert place(here, "src/a/b.ts") == place(tmp_path / "there" / "deeper", "src/a/b.ts")
