"""The exact form of an insertion script: data about one function and its edits, in a file that also runs.

    #!/usr/bin/env python3
    \"\"\"Instruments one function: python3 THIS_FILE < function > instrumented\"\"\"
    META = {"file": "../../../prices.py", "function": "calculate_ema", ...}     # one line of JSON
    EDITS = [[119, "    with _tlm(..."], ...]                           # one line of JSON
    # ---- fixed driver ...                                             # the same bytes in every script

We never execute such a file. We recognise it, which means: the header and the driver are ours, and writing
the two JSON values again gives the very same bytes. Then we apply the edits ourselves. Every other file is
a foreign script, for the sandbox only.

`file` tells where the function was found, from the folder of the script's test: see `escaped_path`. It is the
only part that does not follow from the function and its edits: of a function that is in several files, one
file is told.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

from telemetry_inject.engine import edits as edits_of_engine
from telemetry_inject.errors import ExitCode, InvariantError, TelemetryInjectError
from telemetry_inject.types import Insertion, Script

MAX_SCRIPT_BYTES = 8 * 1024 * 1024
MAX_OFFSET = 2**31 - 1

HEADER = """\
#!/usr/bin/env python3
\"\"\"Instruments one function: python3 THIS_FILE < function > instrumented\"\"\"
"""

DRIVER = '''
# ---- fixed driver: the same in every script; read as data, never run, by telemetry-inject ----
import hashlib
import sys


def instrument(source: bytes) -> bytes:
    """Give the function back with its telemetry; raise ValueError when it is not the function of META."""
    digest = hashlib.sha256(source).hexdigest()
    if digest == META["output_sha256"]:
        return source
    if digest != META["source_sha256"]:
        raise ValueError("the input is not the function this script was made for")
    if EDITS and EDITS[-1][0] > len(source):
        raise ValueError("an edit lies outside of the function")
    parts, done = [], 0
    for offset, text in EDITS:
        parts += source[done:offset], text.encode()
        done = offset
    output = b"".join(parts) + source[done:]
    if hashlib.sha256(output).hexdigest() != META["output_sha256"]:
        raise ValueError("the edits do not give the output promised in META")
    return output


if __name__ == "__main__":
    try:
        result = instrument(sys.stdin.buffer.read())
    except ValueError as error:
        sys.exit(f"{ascii(META['function'])}: {error}")
    sys.stdout.buffer.write(result)
'''

_HEAD = HEADER.encode() + b"META = "
_BETWEEN = "\nEDITS = "
_TAIL = b"\n" + DRIVER.encode()

# What tells the fixed parts of a script from anything else, for readers that can't import this module.
FORM_SHA256 = sha256(HEADER.encode() + DRIVER.encode()).hexdigest()

_encode = json.JSONEncoder(ensure_ascii=False).encode
_are_digests = re.compile(r"[0-9a-f]{64} [0-9a-f]{64} [0-9a-f]{64}").fullmatch
_is_plain = re.compile(r"[A-Za-z0-9_]{1,80}").fullmatch
_is_hex = re.compile(r"[0-9a-f]{1,128}").fullmatch
_is_escaped_path = re.compile(r"(?:[ !#$&-\[\]-~]|%[0-9A-F]{2})*").fullmatch
_escaped = re.compile(rb'[^ -~]|["%\\]')
_is_language = re.compile(r"[a-z0-9][a-z0-9_+-]{0,39}").fullmatch
_TEXTS = ("file", "function", "language", "template", "key", "source_sha256", "output_sha256")
_NUMBERS = ("source_length", "output_length", "sites")
_KEYS = (*_TEXTS, *_NUMBERS)


class ScriptRefused(TelemetryInjectError):
    """A script can't be written in the exact form, or must not be applied to this source."""

    exit_code = ExitCode.INCOMPLETE


def render(script: Script, edits: bytes | None = None) -> bytes:
    """The bytes of the script's file. `edits` may give what `render_edits` gave for the script's.

    Raises ScriptRefused when an inserted text is not UTF-8 or the file would be too large to be recognised.
    """
    meta = script.meta
    try:
        head = (
            f'{{"file": "{meta["file"]}", "function": {encode_basestring(meta["function"])}, '
            f'"language": "{meta["language"]}", "template": "{meta["template"]}", "key": "{meta["key"]}", '
            f'"source_sha256": "{meta["source_sha256"]}", "output_sha256": "{meta["output_sha256"]}", '
            f'"source_length": {meta["source_length"]}, "output_length": {meta["output_length"]}, '
            f'"sites": {meta["sites"]}}}{_BETWEEN}'
        ).encode()
    except UnicodeError as error:
        raise ScriptRefused(f"{meta['function']!a}: the name is not UTF-8") from error
    data = b"".join((_HEAD, head, render_edits(script.edits) if edits is None else edits, _TAIL))
    if len(data) > MAX_SCRIPT_BYTES:
        raise ScriptRefused(f"{meta['function']!a}: its script would be larger than {MAX_SCRIPT_BYTES} bytes")
    return data


def render_edits(edits: Sequence[Insertion]) -> bytes:
    """`edits` as they stand in a script: JSON in one line. Raises ScriptRefused for text that is not UTF-8."""
    quoted: dict[bytes, str] = {}  # most texts are the indent of a line, so few of them differ
    parts = []
    try:
        for offset, text in edits:
            written = quoted.get(text)
            if written is None:
                written = quoted[text] = encode_basestring(text.decode())
            parts.append(f"[{offset}, {written}]")
        return f"[{', '.join(parts)}]".encode()
    except UnicodeError as error:
        raise ScriptRefused("an inserted text is not UTF-8") from error


def read_edits(data: bytes) -> tuple[Insertion, ...] | None:
    """The inverse of `render_edits`; None for JSON of another shape. Raises ValueError for what is no JSON."""
    return _insertions(json.loads(data))


def escaped_path(path: str) -> str:
    """`path` as META's `file` has it: ASCII, all other bytes and `"`, `%`, `\\` as in a URL."""
    return _escaped.sub(lambda byte: b"%%%02X" % byte[0][0], os.fsencode(path)).decode("ascii")


def recognise(data: bytes) -> Script | None:
    """The script, if `data` is of the exact form to the last byte; None for everything else."""
    if not len(_HEAD) + len(_TAIL) < len(data) <= MAX_SCRIPT_BYTES:
        return None
    if not (data.startswith(_HEAD) and data.endswith(_TAIL)):
        return None
    try:
        head, _, tail = data[len(_HEAD) : -len(_TAIL)].decode().partition(_BETWEEN)
        meta, edits = json.loads(head), json.loads(tail)
        # Duplicate keys, spaces, escapes and numbers written otherwise: all of them end here.
        if _encode(meta) != head or _encode(edits) != tail:
            return None
    except (ValueError, RecursionError):
        return None
    insertions = _insertions(edits)
    return Script(meta, insertions) if insertions is not None and _is_meta(meta) else None


def _is_meta(meta: Any) -> bool:
    return (
        type(meta) is dict
        and tuple(meta) == _KEYS
        and all(type(meta[key]) is str for key in _TEXTS)
        and all(type(meta[key]) is int and 0 <= meta[key] <= MAX_OFFSET for key in _NUMBERS)
        and _is_escaped_path(meta["file"]) is not None
        and _is_language(meta["language"]) is not None
        and _is_hex(meta["template"]) is not None
        and _are_digests(f"{meta['key']} {meta['source_sha256']} {meta['output_sha256']}") is not None
    )


def _insertions(edits: Any) -> tuple[Insertion, ...] | None:
    # Sets of types, not a loop over the edits: a script has one for each re-indented line.
    if type(edits) is not list or not {list}.issuperset(map(type, edits)) or not {2}.issuperset(map(len, edits)):
        return None
    offsets, texts = [edit[0] for edit in edits], [edit[1] for edit in edits]
    if not {int}.issuperset(map(type, offsets)) or not {str}.issuperset(map(type, texts)):
        return None
    if offsets != sorted(offsets) or (offsets and not 0 <= offsets[0] <= offsets[-1] <= MAX_OFFSET):
        return None
    if not all(texts):
        return None
    return tuple(map(edits_of_engine.from_pair, zip(offsets, map(str.encode, texts), strict=True)))


def apply(script: Script, source: bytes) -> bytes:
    """`source` with the script's edits; `source` itself when it is the script's output already.

    Raises ScriptRefused when `source` is another function, or the edits don't give the promised output.
    """
    meta = script.meta
    digest = sha256(source).hexdigest()
    if digest == meta["output_sha256"]:
        return source
    if digest != meta["source_sha256"]:
        raise ScriptRefused(f"{meta['function']!a}: the script was made for other source")
    output = insert(source, script.edits)
    if sha256(output).hexdigest() != meta["output_sha256"]:
        raise ScriptRefused(f"{meta['function']!a}: the edits do not give the promised output")
    return output


def check_digests(script: Script, source: bytes, output: bytes) -> None:
    """Raise ScriptRefused unless the script was made for `source` and promises `output`."""
    meta = script.meta
    if sha256(source).hexdigest() != meta["source_sha256"]:
        raise ScriptRefused(f"{meta['function']!a}: the script was made for other source")
    if sha256(output).hexdigest() != meta["output_sha256"]:
        raise ScriptRefused(f"{meta['function']!a}: the edits do not give the promised output")


def insert(source: bytes, edits: Sequence[Insertion]) -> bytes:
    """`source` with `edits`; raises ScriptRefused when they are not sorted by offset or one lies outside."""
    try:
        return edits_of_engine.apply(source, edits)
    except InvariantError as error:
        raise ScriptRefused(error.title) from error


def script_stem(name: str, key: bytes) -> str:
    """The file name, without extension, of the script of one function: `calculate_ema_5fffbf67`.

    `name` may be the bare or the qualified name: only what follows the last dot counts. The hash keeps apart
    names that differ in case only, and makes every name one that Windows allows.
    """
    if not _is_plain(name):
        bare = re.sub(r"#\d+$", "", name).rpartition(".")[2]
        name = re.sub(r"[^A-Za-z0-9_]", "_", bare)[:80] or "_"
    return f"{name}_{key[:4].hex()}"
