"""tsc finds the helper where we put it and by the ending that we give it, and writes its output where it did before."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_tools import HELPER_TS, USES_TS, call, need, tree, tsc, typescript

from telemetry_inject.projects.glob_match import matches
from telemetry_inject.projects.npm_project import NpmPlace, NpmProject
from telemetry_inject.projects.ts_config import MOST_EXTENDED

VERSIONS = ("5.9.3", "7.0.2")
ESM = {"type": "module"}


def config(**options: object) -> dict[str, object]:
    return {"compilerOptions": {"target": "es2022", "strict": True, "types": [], "skipLibCheck": True, **options}}


def helper_ending(suffix: str, style: str) -> str:
    """The ending to import a helper by that lies beside a file with this suffix."""
    if suffix in (".mts", ".cts"):
        return suffix if style == ".ts" else suffix.replace("t", "j")
    return ".js" if style in (".mjs", ".cjs") else style


def use_helper(root: Path, name: str) -> NpmPlace:
    """Put the helper and a file that imports it where a run would put them."""
    place = NpmProject(root).place(name)
    suffix = Path(name).suffix
    helper = "_telemetry_inject" + suffix.replace("x", "")
    target = f"{place.path}/_telemetry_inject{helper_ending(suffix, place.ts_extension)}"
    equals = place.ts_import_equals or (place.ts_verbatim and suffix == ".cts")
    text = f'import {{_tlm}} from "{target}";{USES_TS}'
    body = HELPER_TS
    if equals:
        text = f'import _t = require("{target}"); const {{_tlm}} = _t; const here: string = _tlm("f"); export = here;'
        body = "const _tlm = (site: string): string => site; export = {_tlm};"
    tree(root, {(place.home / helper).as_posix(): body, name: text})
    return place


RESOLVED: list[tuple[dict[str, object], str, str, str]] = [
    ({"package.json": ESM, "tsconfig.json": config(module="nodenext")}, "src/a/b.ts", ".js", "nodenext"),
    ({"package.json": ESM, "tsconfig.json": config(module="NodeNext")}, "src/a/b.tsx", ".js", "tsx, capitals"),
    ({"package.json": {}, "tsconfig.json": config(module="nodenext")}, "src/a/b.ts", "", "nodenext, CommonJS"),
    ({"package.json": {}, "tsconfig.json": config(module="node16")}, "src/a/b.mts", "", "mts"),
    ({"package.json": ESM, "tsconfig.json": config(module="node16")}, "src/a/b.cts", ".js", "cts"),
    (
        {"package.json": ESM, "tsconfig.json": config(module="esnext", moduleResolution="bundler")},
        "src/a/b.ts",
        "",
        "bundler",
    ),
    (
        {"package.json": ESM, "tsconfig.json": config(module="esnext", moduleResolution="bundler")},
        "src/a/b.mts",
        "",
        "bundler, mts",
    ),
    ({"package.json": ESM, "tsconfig.json": config(module="preserve")}, "src/a/b.ts", "", "preserve"),
    (
        {
            "package.json": ESM,
            "tsconfig.json": config(
                module="esnext", moduleResolution="bundler", noEmit=True, allowImportingTsExtensions=True
            ),
        },
        "src/a/b.ts",
        "",
        "bundler where ts is allowed",
    ),
    (
        {
            "package.json": ESM,
            "tsconfig.json": config(
                module="esnext",
                moduleResolution="bundler",
                noEmit=True,
                allowImportingTsExtensions=True,
                erasableSyntaxOnly=True,
                verbatimModuleSyntax=True,
            ),
        },
        "src/a/b.ts",
        ".ts",
        "bundler where types are only erased",
    ),
    (
        {
            "package.json": ESM,
            "tsconfig.json": config(module="nodenext", noEmit=True, allowImportingTsExtensions=True),
        },
        "src/a/b.ts",
        ".ts",
        "nodenext where ts is allowed",
    ),
    (
        {"package.json": ESM, "tsconfig.json": config(module="nodenext", rewriteRelativeImportExtensions=True)},
        "src/a/b.ts",
        ".ts",
        "endings are rewritten",
    ),
    (
        {"package.json": ESM, "tsconfig.json": config(module="nodenext", rewriteRelativeImportExtensions=True)},
        "src/a/b.mts",
        ".ts",
        "endings are rewritten, mts",
    ),
    ({"package.json": ESM, "tsconfig.json": config(module="esnext")}, "src/a/b.ts", ".js", "plain ESM"),
    ({"package.json": {}, "tsconfig.json": config(module="commonjs")}, "src/a/b.ts", "", "CommonJS"),
    (
        {"package.json": {}, "tsconfig.json": config(module="commonjs", verbatimModuleSyntax=True)},
        "src/a/b.ts",
        "",
        "verbatim CommonJS",
    ),
    (
        {"package.json": {}, "tsconfig.json": config(module="nodenext", verbatimModuleSyntax=True)},
        "src/a/b.ts",
        "",
        "verbatim, CommonJS by package.json",
    ),
    (
        {"package.json": ESM, "tsconfig.json": config(module="nodenext", verbatimModuleSyntax=True)},
        "src/a/b.cts",
        ".js",
        "verbatim, cts",
    ),
    (
        {
            "package.json": ESM,
            "configs/base.json": '\ufeff// settings of all\n{"compilerOptions": {"module": "nodenext", /* , } */ "types": [],},}',
            "tsconfig.json": {"extends": "./configs/base", "compilerOptions": {"strict": True}},
        },
        "src/a/b.ts",
        ".js",
        "extends, with comments and commas",
    ),
    (
        {
            "package.json": ESM,
            "node_modules/@acme/ts/package.json": {"name": "@acme/ts", "version": "1.0.0"},
            "node_modules/@acme/ts/tsconfig.json": config(module="nodenext"),
            "one/tsconfig.json": {"extends": "@acme/ts/tsconfig.json"},
            "tsconfig.json": {"extends": ["./one/tsconfig.json"]},
        },
        "src/a/b.ts",
        ".js",
        "extends a package",
    ),
    (
        {
            "package.json": ESM,
            "tsconfig.json": {"files": [], "references": [{"path": "./tsconfig.app.json"}]},
            "tsconfig.app.json": {**config(module="nodenext", composite=True), "include": ["src"]},
        },
        "src/a/b.ts",
        ".js",
        "references",
    ),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_tsc_resolves_the_helper(tmp_path: Path, version: str) -> None:
    projects = []
    for files, name, extension, what in RESOLVED:
        root = tree(tmp_path / what, files)
        assert use_helper(root, name).ts_extension == extension, what
        projects.append(f"{what}/tsconfig.json")
    assert tsc(version, tmp_path, "-b", *projects) == ""


REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"package.json": ESM, "tsconfig.json": config(module="nodenext")}, "", "nodenext needs an ending"),
    ({"package.json": ESM, "tsconfig.json": config(module="nodenext")}, ".ts", "ts is not allowed"),
    ({"tsconfig.json": config(module="esnext", moduleResolution="bundler")}, ".ts", "nor for a bundler"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_tsc_refuses_other_endings(tmp_path: Path, version: str) -> None:
    for files, ending, what in REFUSED:
        text = f'import {{_tlm}} from "./_telemetry_inject{ending}";{USES_TS}'
        tree(tmp_path / what, {**files, "src/_telemetry_inject.ts": HELPER_TS, "src/b.ts": text})
    said = tsc(version, tmp_path, "-b", *[what for _, _, what in REFUSED])
    assert [what for _, _, what in REFUSED if f"{what}/src/b.ts" in said] == [what for _, _, what in REFUSED]


LAYOUTS: dict[str, dict[str, object]] = {
    "no rootDir": {**config(module="commonjs", outDir="dist"), "include": ["src"]},
    "rootDir": {**config(module="commonjs", outDir="dist", rootDir="src/core"), "include": ["src"]},
    "rootDir is all": {**config(module="commonjs", outDir="dist", rootDir="."), "include": ["src"]},
    "composite": {**config(module="commonjs", outDir="dist", composite=True), "include": ["src/core"]},
    "wildcards": {**config(module="commonjs", outDir="dist"), "include": ["src/c*/**/?.ts"]},
}


def test_the_output_keeps_its_layout(tmp_path: Path) -> None:
    for what, tsconfig in LAYOUTS.items():
        files: dict[str, object] = {
            "package.json": {},
            "tsconfig.json": tsconfig,
            "src/core/a/b.ts": "export {};",
            "src/core/c/d.ts": "export {};",
            "src/core/types.d.ts": "declare const x: number;",
        }
        tree(tmp_path / "before" / what, files)
        use_helper(tree(tmp_path / "after" / what, files), "src/core/a/b.ts")
    assert (
        tsc(VERSIONS[0], tmp_path, "-b", *[f"{when}/{what}" for when in ("before", "after") for what in LAYOUTS]) == ""
    )
    for what in LAYOUTS:
        before, after = (
            {p.relative_to(d) for p in d.rglob("*.js")}
            for d in (tmp_path / "before" / what / "dist", tmp_path / "after" / what / "dist")
        )
        assert before <= after, what
        assert [path.name for path in after - before] == ["_telemetry_inject.js"], what


def test_node_runs_what_plain_tsc_writes(tmp_path: Path) -> None:
    node = need("node")
    tree(tmp_path, {"package.json": ESM, "tsconfig.json": config(module="es2022", outDir="dist")})
    use_helper(tmp_path, "src/b.ts")
    assert tsc(VERSIONS[0], tmp_path) == ""
    done = call(node, "dist/b.js", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("files", "extension"),
    [
        pytest.param({"deno.json": {}}, ".ts", id="deno"),
        pytest.param({"deno.jsonc": {}, "package.json": ESM}, ".ts", id="deno beside npm"),
        pytest.param({"deno.json": {}, "tsconfig.json": {}}, "", id="tsc beside deno forbids it"),
        pytest.param({"src/deno.json": {}, "tsconfig.json": {}}, ".ts", id="deno nearer than tsc"),
        pytest.param({"deno.json": {}, "src/tsconfig.json": {}}, "", id="tsc nearer than deno"),
        pytest.param(
            {"package.json": {"scripts": {"start": "node --watch src/main.ts"}}}, ".ts", id="node runs TypeScript"
        ),
        pytest.param({"package.json": {"scripts": {"start": "tsc; node x.js"}}}, "", id="node runs the output"),
        pytest.param({"package.json": ESM}, "", id="nothing known"),
        pytest.param(
            {"package.json": ESM, "tsconfig.json": config(module="esnext", noEmit=True)}, "", id="something else emits"
        ),
    ],
)
def test_endings_without_the_compiler(tmp_path: Path, files: dict[str, object], extension: str) -> None:
    assert NpmProject(tree(tmp_path, files)).place("src/a/b.ts").ts_extension == extension


@pytest.mark.parametrize(
    ("files", "name", "extension"),
    [
        pytest.param(
            {
                "tsconfig.json": {"extends": ["./a.json", "./b.json"]},
                "a.json": config(module="nodenext"),
                "b.json": config(module="preserve"),
            },
            "src/a.ts",
            "",
            id="the last of several",
        ),
        pytest.param(
            {
                "tsconfig.json": {"extends": "./a.json", **config(module="nodenext")},
                "a.json": config(module="preserve"),
            },
            "src/a.ts",
            ".js",
            id="its own over what it extends",
        ),
        pytest.param(
            {"tsconfig.json": {"extends": "./a.json", **config(module=None)}, "a.json": config(module="nodenext")},
            "src/a.ts",
            "",
            id="taken back",
        ),
        *(
            pytest.param(
                {
                    "tsconfig.json": {"files": [], "references": [{"path": "./app.json"}, {"path": "./scripts"}]},
                    "app.json": {**config(module="preserve"), "include": ["src"]},
                    "scripts/tsconfig.json": {
                        **config(module="nodenext"),
                        "include": ["**/*", "../tools/*.ts", "../x.config.ts"],
                    },
                },
                name,
                extension,
                id=f"the one referred to that takes in {name}",
            )
            for name, extension in (
                ("src/a/b.ts", ""),
                ("tools/x.ts", ".js"),
                ("scripts/x.ts", ".js"),
                ("other/x.ts", ""),
                ("x.ts", ".js"),
            )
        ),
        pytest.param(
            {
                "tsconfig.json": {"files": [], "references": [{"path": "../outside"}]},
                "../outside/tsconfig.json": {**config(module="nodenext"), "include": ["../project/src"]},
            },
            "src/a.ts",
            "",
            id="none outside of the project",
        ),
    ],
)
def test_the_options_in_force(tmp_path: Path, files: dict[str, object], name: str, extension: str) -> None:
    project = tree(tmp_path / "project", {"package.json": ESM, **files})
    assert NpmProject(project).place(name).ts_extension == extension


@pytest.mark.parametrize(
    ("options", "scripts"),
    [
        ({"outFile": "all.js"}, True),
        ({"module": "None"}, True),
        ({"module": "amd"}, False),
        ({"outFile": None}, False),
        ({}, False),
    ],
)
def test_global_scripts(tmp_path: Path, options: dict[str, object], scripts: bool) -> None:
    place = NpmProject(tree(tmp_path, {"tsconfig.json": config(**options)})).place("a.ts")
    assert place.ts_global_scripts is scripts


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        pytest.param({"tsconfig.json": "{"}, ["tsconfig.json: not valid JSON (line 1)"], id="broken"),
        pytest.param({"tsconfig.json": "// nothing"}, [], id="empty"),
        pytest.param(
            {"tsconfig.json": {"extends": "./tsconfig.json"}},
            ["tsconfig.json: extends './tsconfig.json', which extends it"],
            id="itself",
        ),
        pytest.param(
            {"tsconfig.json": {"extends": "./b.json"}, "b.json": {"extends": "./tsconfig"}},
            ["b.json: extends './tsconfig', which extends it"],
            id="a circle",
        ),
        pytest.param(
            {"tsconfig.json": {"extends": "@tsconfig/node20/tsconfig.json"}},
            ["tsconfig.json: extends '@tsconfig/node20/tsconfig.json', which is not there or outside of the project"],
            id="not installed",
        ),
        pytest.param(
            {"tsconfig.json": {"extends": "../outside.json"}},
            ["tsconfig.json: extends '../outside.json', which is not there or outside of the project"],
            id="outside",
        ),
        pytest.param(
            {"tsconfig.json": {"extends": "a/../../../outside.json"}},
            ["tsconfig.json: extends 'a/../../../outside.json', which is not there or outside of the project"],
            id="outside, as a package",
        ),
        pytest.param(
            {"tsconfig.json": '{"extends": "\\u0000\\ud800"}'},
            ["tsconfig.json: extends '\\x00\\ud800', which is not there or outside of the project"],
            id="no file can have the name",
        ),
        pytest.param(
            {
                "tsconfig.json": {
                    "extends": 5,
                    "compilerOptions": [],
                    "include": "src",
                    "files": [1],
                    "references": [{}],
                }
            },
            [],
            id="other types",
        ),
        pytest.param(
            {"tsconfig.json": '{"extends": "./b.json"}', "b.json": '"' + '\\"' * 200_000},
            ["b.json: not valid JSON (line 1)"],
            id="quotes",
        ),
        pytest.param(
            {"tsconfig.json": {"files": ["src/a/b.ts"], "compilerOptions": {"composite": True}}},
            ['tsconfig.json: composite, and takes in no helper: add "_telemetry_inject.ts" to its files'],
            id="composite without place",
        ),
        pytest.param(
            {"tsconfig.json": {"files": ["lib/c.ts"], "compilerOptions": {"composite": True}}},
            [],
            id="composite, and the file is none of it",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, files: dict[str, object], problems: list[str]) -> None:
    tree(
        tmp_path,
        {"outside.json": config(module="nodenext"), **{f"project/{name}": text for name, text in files.items()}},
    )
    project = NpmProject(tree(tmp_path / "project", {"package.json": ESM}))
    assert project.place("src/a/b.ts").home.as_posix() == "src"
    assert list(project.problems) == problems


def test_a_tree_of_extends_is_bounded(tmp_path: Path) -> None:
    files: dict[str, object] = {
        f"{level}.json": {"extends": [f"./{level + 1}.json", f"./{level + 1}.json"]} for level in range(40)
    }
    project = NpmProject(tree(tmp_path, {**files, "tsconfig.json": {"extends": "./0.json"}}))
    assert project.place("src/a.ts").ts_extension == ""
    assert f"tsconfig.json: extends more than {MOST_EXTENDED} others" in project.problems


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("/p/src", "/p/src/a/b.ts", True),
        ("/p/src", "/p/srcs/b.ts", False),
        ("/p/src/*", "/p/src/b.ts", True),
        ("/p/src/*", "/p/src/a/b.ts", False),
        ("/p/src/**/*", "/p/src/b.ts", True),
        ("/p/src/**/*", "/p/src/a/b.ts", True),
        ("/p/**/core/*.ts", "/p/a/b/core/x.ts", True),
        ("/p/**/core/*.ts", "/p/core/x.ts", True),
        ("/p/**/core/*.ts", "/p/core/a/x.ts", False),
        ("/p/**/a/**/b/*.ts", "/p/x/a/a/y/b/z.ts", True),
        ("/p/?.ts", "/p/ab.ts", False),
        ("/p/*.spec.ts", "/p/a.spec.spec.ts", True),
        ("/p/main.ts", "/p/main.ts", True),
    ],
)
def test_patterns(pattern: str, path: str, matched: bool) -> None:
    assert matches(pattern, path) is matched


def test_patterns_of_many_stars_end() -> None:
    assert not matches("/" + "**/" * 200 + "x.ts", "/a" * 400)
    assert not matches("/" + "*a" * 2000 + "b", "/" + "a" * 250)


def test_the_compiler_is_the_one_asked_for(tmp_path: Path) -> None:
    for version in VERSIONS:
        assert call(need("node"), typescript(version), "--version", cwd=tmp_path).stdout.split() == ["Version", version]
