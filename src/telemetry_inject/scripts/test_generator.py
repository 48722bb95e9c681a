"""Makes the pytest file that proves one insertion script, anywhere, without telemetry-inject installed.

It is one line of data, DATA (where the function is that the script was made for), and a runner that is the
same in every file. No source text is in it: the runner reads the function from its file, which may hold it
with or without telemetry, and knows it by the digests in the script. A function that is there no more is
skipped. The runner finds the script by its own name, `tests/<language>/test_<stem>.py` beside
`scripts/<language>/<stem>.py`, so that both can be renamed together. It believes a script only when that is
of the exact form, and only then runs it.
"""

from __future__ import annotations

import os
from json.encoder import encode_basestring
from pathlib import Path

from telemetry_inject.scripts.script_format import FORM_SHA256
from telemetry_inject.types import Script

_HEADER = '"""Proves one insertion script: pytest THIS_FILE"""\n'

RUNNER = (
    '''
# ---- fixed runner: the same in every test file ----
import hashlib
import json
import os
import re
import sys
import warnings
from functools import cache
from pathlib import Path

import pytest

FORM_SHA256 = "'''
    + FORM_SHA256
    + '''"


@cache
def script():
    here = Path(__file__).absolute()
    path = here.parents[2] / "scripts" / DATA["language"] / here.name.removeprefix("test_")
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


@cache
def places():
    """The bytes of the function's file, and where in it a function may start."""
    path = str(Path(__file__).parent.resolve() / DATA["file"])
    known = sys.__dict__.setdefault("_insertion_script_places", {})  # thousands of tests share a file: read it once
    try:
        state = os.stat(path)
        key = path, DATA["language"], state.st_mtime_ns, state.st_size
        if key not in known:
            data = Path(path).read_bytes()
            first = rb"(?=@|def\\b|async\\b)" if DATA["language"] == "python" else rb"(?=\\S)"
            indents = re.compile(rb"^(?:\\xef\\xbb\\xbf)?[ \\t\\f]*" + first, re.MULTILINE)
            known[key] = data, [indent.end() for indent in indents.finditer(data.replace(b"\\r", b"\\n"))]
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
    plain = find(DATA["length"], meta["source_sha256"])
    if plain is not None:
        return plain
    instrumented = find(DATA["output_length"], meta["output_sha256"])
    if instrumented is None:
        pytest.skip(f"the function is no longer in {DATA['file']}")
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


if DATA["language"] == "python":

    def test_the_output_compiles():
        assert parses(output()) or not parses(source())
'''
)
_RUNNER = RUNNER.encode()


class TestGenerator:
    """Generates the test file of a script, for `tests/<language>/test_<stem>.py`."""

    __test__ = False  # the name is the architecture's; pytest must not collect it

    def generate(self, script: Script, origin: str, length: int) -> bytes:
        """The bytes of the test file for `script`, made for a function of `length` bytes in the file `origin`.

        `origin` is relative to the folder of the test file, with forward slashes; see `origin_from`.
        """
        output_length = length + sum([len(text) for _, text in script.edits])
        data = (
            f'"language": "{script.meta["language"]}", "file": {encode_basestring(origin)}, '
            f'"length": {length}, "output_length": {output_length}'
        )
        # A file name that is not UTF-8 has lone surrogates: Python's own escapes for them.
        return f"{_HEADER}DATA = {{{data}}}\n".encode("utf-8", "backslashreplace") + _RUNNER


def origin_from(folder: Path, path: Path) -> str:
    """`path` relative to `folder`, which is resolved; absolute where there is no way, as to another drive."""
    resolved = path.resolve()
    try:
        return Path(os.path.relpath(resolved, folder)).as_posix()
    except ValueError:
        return resolved.as_posix()
