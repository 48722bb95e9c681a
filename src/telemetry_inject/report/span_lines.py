"""Reads the lines of span files, whatever their length: plain or gzip, from a file or standard input."""

from __future__ import annotations

import errno
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from telemetry_inject.errors import UsageError

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is ignored, so that a file without line ends cannot fill the memory."""

STDIN = Path("-")

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HELP = "Give the files that the instrumented program wrote."


TOO_LONG = b"a line that was too long\n"
"""Stands for a line that was passed over because of its length; no JSON, so it counts as unreadable."""


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines that are not blank, with their ends; the last one has none when it was cut off.

    `-` is standard input. A gzip file that was cut off ends with what can be read of it.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with _opened(path) as file:
            while line := file.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    del line
                    _pass_over(file)
                    yield TOO_LONG
                elif not line.isspace():
                    yield line
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield b"\x1f\x8b"  # counts as a cut-off line
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> UsageError:
    """The error for a span file that cannot be read."""
    help_text = "Give the files in the folder." if error.errno == errno.EISDIR else _HELP
    return UsageError(f"cannot read the span file {path}: {error.strerror or error}", help_text)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path == STDIN:
        yield sys.stdin.buffer
        return
    with path.open("rb", buffering=1 << 20) as file:
        start = cast(BufferedReader, file).peek(4)[:4]
        if start.startswith(_ZSTD):
            raise UsageError(f"{path} is compressed with zstd", f"Unpack it first: zstd -dc {path} | ... report -")
        if start.startswith(_GZIP):
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            yield file


def _pass_over(file: IO[bytes]) -> None:
    """Go to the end of a line that is too long; holes of a sparse file are jumped over."""
    while rest := file.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
        if not rest.strip(b"\0"):
            _jump_over_hole(file)


def _jump_over_hole(file: IO[bytes]) -> None:
    if isinstance(file, gzip.GzipFile) or not hasattr(os, "SEEK_DATA"):
        return
    try:
        number, here = file.fileno(), file.tell()
        before = os.lseek(number, 0, os.SEEK_CUR)  # the buffer believes that it is the only one who moves
        try:
            data = os.lseek(number, here, os.SEEK_DATA)
        finally:
            os.lseek(number, before, os.SEEK_SET)
        file.seek(data)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but the hole up to the end
            file.seek(0, os.SEEK_END)
