"""Makes the pytest file that proves one insertion script, anywhere, without telemetry-inject installed.

The file is the same for every script, so that all of them can be one file with many names. It finds the
script by its own name, `tests/<language>/test_<stem>.py` beside `scripts/<language>/<stem>.py`: both can be
renamed together. No source text is in either: the test reads the function from the file that the script's
META names, which may hold it with or without telemetry, and knows it by its digests. A function that is
there no more is skipped. A script is believed, and run, only when it is of the exact form.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from telemetry_inject.scripts.script_format import FORM_SHA256

RUNNER = (
    '''"""Proves the insertion script of the same name: pytest THIS_FILE

All test files of a language are this one file, with many names where the disk allows it.
"""
import hashlib
import json
import os
import re
import sys
import warnings
from functools import cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

HERE = Path(__file__).absolute()
LANGUAGE = HERE.parent.name
FORM_SHA256 = "'''
    + FORM_SHA256
    + '''"


@cache
def script():
    path = HERE.parents[2] / "scripts" / LANGUAGE / HERE.name.removeprefix("test_")
    data = path.read_bytes()
    shebang, title, meta, edits, driver = data.split(b"\\n", 4)
    form = b"\\n".join([shebang, title, driver])
    assert hashlib.sha256(form).hexdigest() == FORM_SHA256, "header or driver is not the fixed one: not run"
    for name, line in (b"META = ", meta), (b"EDITS = ", edits):
        text = line.removeprefix(name).decode()
        plain = line.startswith(name) and json.dumps(json.loads(text), ensure_ascii=False) == text
        assert plain, "META or EDITS is not plain data: not run"
    names = {"__name__": "insertion_script"}
    exec(compile(data, str(path), "exec"), names)
    return names


def file():
    return os.fsdecode(unquote_to_bytes(script()["META"]["file"]))


@cache
def places():
    """The bytes of the function's file, and where in it a function may start."""
    path = str(HERE.parent.resolve() / file())
    known = sys.__dict__.setdefault("_insertion_script_places", {})  # thousands of tests share a file: read it once
    try:
        state = os.stat(path)
        key = path, LANGUAGE, state.st_mtime_ns, state.st_size
        if key not in known:
            data = Path(path).read_bytes()
            # Elsewhere than in Python functions are expressions too, and begin wherever a word or a bracket does.
            start = rb"^(?:\\xef\\xbb\\xbf)?[ \\t\\f]*(?=@|def\\b|async\\b)"
            if LANGUAGE != "python":
                start = rb"(?<![\\w$\\x80-\\xff#])(?=[\\w$\\x80-\\xff(\\[*\\"'#<])"
            starts = re.compile(start, re.MULTILINE)
            known[key] = data, [found.end() for found in starts.finditer(data.replace(b"\\r", b"\\n"))]
    except (FileNotFoundError, NotADirectoryError):
        return b"", []
    return known[key]


@cache
def find(length, digest):
    data, starts = places()
    for start in starts:
        part = data[start : start + length]
        if hashlib.sha256(part).hexdigest() == digest:
            return part
    return None


@cache
def source():
    meta = script()["META"]
    plain = find(meta["source_length"], meta["source_sha256"])
    if plain is not None:
        return plain
    instrumented = find(meta["output_length"], meta["output_sha256"])
    if instrumented is None:
        pytest.skip(f"the function is no longer in {file()}")
    return reverted(instrumented)


def reverted(instrumented):
    rest, done, shift = [], 0, 0
    for offset, text in script()["EDITS"]:
        rest.append(instrumented[done : offset + shift])
        shift += len(text.encode())
        done = offset + shift
    return b"".join(rest) + instrumented[done:]


def output():
    return script()["instrument"](source())


def parses(code):
    """Whether CPython compiles the function, whose first line lacks the indentation it had in the file."""
    try:
        text = code.decode()
    except UnicodeDecodeError:
        text = code.decode("latin-1")
    indents = dict.fromkeys(re.findall(r"^[ \\t\\f]*", text, re.MULTILINE))
    for start in ["", *(f"if 1:\\n{indent}" for indent in indents if indent)]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(start + text, "function", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return True
    return False


def test_the_script_applies():
    assert hashlib.sha256(output()).hexdigest() == script()["META"]["output_sha256"]


def test_every_insertion_is_in_its_place():
    instrumented, shift = output(), 0
    for offset, text in script()["EDITS"]:
        start, inserted = offset + shift, text.encode()
        assert instrumented[start : start + len(inserted)] == inserted, (offset, text)
        shift += len(inserted)


def test_removing_the_insertions_gives_the_source():
    assert reverted(output()) == source()


def test_twice_is_once():
    assert script()["instrument"](output()) == output()


def test_another_function_is_refused():
    instrument = script()["instrument"]
    with pytest.raises(ValueError, match="not the function"):
        instrument(b"# another function\\n" + source())


if LANGUAGE == "python":

    def test_the_output_compiles():
        assert parses(output()) or not parses(source())
'''
)
_RUNNER = RUNNER.encode()


class TestGenerator:
    """Generates the test file of a script, for `tests/<language>/test_<stem>.py`."""

    __test__ = False  # the name is the architecture's; pytest must not collect it

    @staticmethod
    def generate() -> bytes:
        """The bytes of the test file, whatever the script."""
        return _RUNNER


def origin_from(folder: Path, path: Path) -> str:
    """`path` relative to `folder`, which is resolved; absolute where there is no way, as to another drive.

    With forward slashes.
    """
    if path.is_symlink():
        path = path.resolve()
    return _folder_from(folder, path.parent) + path.name


@lru_cache(maxsize=256)
def _folder_from(folder: Path, path: Path) -> str:
    resolved = path.resolve()
    try:
        resolved = Path(os.path.relpath(resolved, folder))
    except ValueError:
        pass
    return resolved.as_posix().rstrip("/") + "/"
