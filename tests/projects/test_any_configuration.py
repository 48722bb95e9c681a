"""Whatever lies in a tree's configuration files: an answer that holds together, and the same one twice."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_inject.projects.go_module import GoModules
from telemetry_inject.projects.go_source import build_ignored, imports
from telemetry_inject.projects.import_style import import_style
from telemetry_inject.projects.npm_project import NpmProject
from telemetry_inject.projects.small_file import UnusableFileError, json_object

_WORDS = [
    "extends",
    "compilerOptions",
    "include",
    "exclude",
    "files",
    "references",
    "path",
    "rootDir",
    "outDir",
    "composite",
    "module",
    "nodenext",
    "type",
    "dependencies",
    "next",
    "scripts",
    "./tsconfig.json",
    "../tsconfig.json",
    "a/tsconfig.json",
    "./a",
    "..",
    "/",
    "**/*",
    "${configDir}/a",
    "\0",
    "\ud800",
    "",
]
_WORD = st.sampled_from(_WORDS)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORD | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORD, inner, max_size=4),
    max_leaves=12,
)
_OPTIONS = st.dictionaries(st.sampled_from(_WORDS[:16]), _VALUE, max_size=6)


def _json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


_JSON = (_OPTIONS | _VALUE).map(_json)
_GO = st.lists(
    st.sampled_from(
        ["module", "m/v2", "(", ")", "\n", "go", "1.21", "use", "./a", "..", "require", '"', "//", "=>", "\0"]
    )
).map(lambda words: " ".join(words).encode())
_CONTENT = {"package.json": _JSON, "tsconfig.json": _JSON, "go.mod": _GO, "go.work": _GO, "deno.json": st.just(b"")}
_FILES = st.dictionaries(
    st.sampled_from([f"{folder}{name}" for folder in ("", "a/", "a/b/", "node_modules/a/") for name in _CONTENT]),
    st.binary(max_size=40),
    max_size=6,
).flatmap(
    lambda files: st.fixed_dictionaries(
        {name: _CONTENT[PurePosixPath(name).name] | st.just(content) for name, content in files.items()}
    )
)
_NAMES = ["x.ts", "a/x.ts", "a/b/x.ts", "a/b/c/d/x.ts"]


@given(files=_FILES)
@settings(max_examples=150, deadline=None)
def test_any_configuration(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        npm, go = NpmProject(root), GoModules(root)
        for name in _NAMES:
            place = npm.place(name)
            assert PurePosixPath(name).is_relative_to(place.home)
            assert os.path.normpath(f"{PurePosixPath(name).parent}/{place.path}") == place.home.as_posix()
            module = go.place(name)
            assert (module is None) == bool(go.why_not(name))
            if module is not None:
                assert PurePosixPath(name).is_relative_to(module.home.parent.parent)
        again, go_again = NpmProject(root), GoModules(root)
        for name in reversed(_NAMES):
            assert again.place(name) == npm.place(name)
            assert go_again.place(name) == go.place(name)
        assert (again.problems, go_again.problems) == (npm.problems, go.problems)


@given(
    parts=st.lists(
        st.sampled_from(
            [
                "//go:build ",
                "ignore",
                "(",
                "!",
                "&&",
                "\n",
                "// +build ",
                "/*",
                "*/",
                "package p",
                "import ",
                '"C"',
                "`",
                "from ",
                "'./a'",
            ]
        )
        | st.text(max_size=3)
    )
)
def test_any_source(parts: list[str]) -> None:
    source = "".join(parts).encode("utf-8", "surrogatepass")
    assert isinstance(build_ignored(source), bool)
    assert isinstance(imports(source), tuple)
    assert import_style(source) in (None, "", ".js", ".ts", ".mjs", ".cjs")


@given(
    st.dictionaries(st.text(max_size=8), _VALUE), st.sampled_from(["", ",", "/* , */", "// ]\n", ",// }\n", "\n,\n"])
)
def test_comments_and_last_commas_change_nothing(value: dict[str, object], extra: str) -> None:
    text = _json([value])[1:-1].decode()
    last = extra if value or "," not in extra.replace("/* , */", "") else ""
    assert json_object(f"// a\n{text[:-1]}{last}}}/* b".encode(), comments=True) == json_object(text.encode())


@given(st.binary())
def test_any_bytes_as_json(data: bytes) -> None:
    for comments in (False, True):
        try:
            assert isinstance(json_object(data, comments), dict)
        except UnusableFileError as error:
            assert str(error)
