"""Makes the pytest file that proves one insertion script, anywhere, without telemetry-inject installed.

It is one line of data, DATA (the function that the script was made for), and a runner that is the same in
every file. The runner finds the script by its own name, `tests/<language>/test_<stem>.py` beside
`scripts/<language>/<stem>.py`, so that both can be renamed together. It believes a script only when that is
of the exact form, and only then runs it.
"""

from __future__ import annotations

from base64 import b64encode
from json.encoder import encode_basestring

from telemetry_inject.scripts.script_format import FORM_SHA256
from telemetry_inject.types import Script

_HEADER = '"""Proves one insertion script: pytest THIS_FILE"""\n'

RUNNER = (
    '''
# ---- fixed runner: the same in every test file ----
import base64
import hashlib
import json
import re
import warnings
from functools import cache
from pathlib import Path

import pytest

FORM_SHA256 = "'''
    + FORM_SHA256
    + '''"


@cache
def source():
    text = DATA["source"]
    return base64.b64decode(text) if DATA["encoding"] == "base64" else text.encode()


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
    instrumented, rest, done, shift = output(), [], 0, 0
    for offset, text in script()["EDITS"]:
        rest.append(instrumented[done : offset + shift])
        shift += len(text.encode())
        done = offset + shift
    assert b"".join(rest) + instrumented[done:] == source()


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

    def generate(self, script: Script, source: bytes) -> bytes:
        """The bytes of the test file for `script`, which was made for `source`."""
        language = script.meta["language"]
        try:
            encoding, text = "utf-8", encode_basestring(source.decode())
        except UnicodeDecodeError:
            encoding, text = "base64", f'"{b64encode(source).decode()}"'
        data = f'"language": "{language}", "encoding": "{encoding}", "source": {text}'
        return f"{_HEADER}DATA = {{{data}}}\n".encode() + _RUNNER
