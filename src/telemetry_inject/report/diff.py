"""--diff: a patch that `git apply` and `patch -p1` take, made of bytes: any encoding, any line ending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import BinaryIO

from telemetry_inject.observer import SilentObserver
from telemetry_inject.types import FileReport, ScanResult

CONTEXT = 3
_ESCAPES = {
    7: b"\\a",
    8: b"\\b",
    9: b"\\t",
    10: b"\\n",
    11: b"\\v",
    12: b"\\f",
    13: b"\\r",
    34: b'\\"',
    92: b"\\\\",
}
_NO_NEWLINE = b"\\ No newline at end of file\n"
_COLORS = {b"+": b"\x1b[32m", b"-": b"\x1b[31m", b"@": b"\x1b[36m"}


class DiffPrinter(SilentObserver):
    """Writes the patch of each file that changes, in the order of the scan, however the work was shared out.

    `prefix` leads from here to the scanned folder.
    """

    def __init__(self, stream: BinaryIO, prefix: str = "", color: bool = False) -> None:
        self._stream, self._prefix, self._color = stream, prefix, color
        self._expected: list[str] = []
        self._waiting: dict[str, bytes] = {}

    def scanned(self, scan: ScanResult) -> None:
        """Learn the order."""
        self._expected = [file.relative for file in reversed(scan.files)]

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """Keep this file's patch until its turn. Raises BrokenPipeError when nobody reads any more."""
        lines = patch(self._prefix + report.path, before, after)
        self._waiting[report.path] = b"".join(_colored(line) if self._color else line for line in lines)
        while self._expected and self._expected[-1] in self._waiting:
            self._stream.write(self._waiting.pop(self._expected.pop()))

    def finish(self) -> None:
        """Write what is left: files that the scan did not know, such as the helper."""
        for path in sorted(self._waiting):
            self._stream.write(self._waiting[path])
        self._waiting.clear()


def patch(path: str, before: bytes | None, after: bytes | None, context: int = CONTEXT) -> Iterator[bytes]:
    """The lines of a unified diff; None stands for a file that is not there. Nothing when both are equal."""
    if before == after:
        return
    old, new = _quoted(b"a/", path), _quoted(b"b/", path)
    yield b"diff --git %s %s\n" % (old, new)
    if before is None:
        yield b"new file mode 100644\n"
    if after is None:
        yield b"deleted file mode 100644\n"
    before_lines, after_lines = _lines(before or b""), _lines(after or b"")
    if before_lines or after_lines:
        yield b"--- %s\n" % (b"/dev/null" if before is None else _with_tab(old))
        yield b"+++ %s\n" % (b"/dev/null" if after is None else _with_tab(new))
        yield from _hunks(before_lines, after_lines, context)


def _lines(data: bytes) -> list[bytes]:
    """Lines as diff and patch see them: only a line feed ends one."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + [
        rest for rest in (data[data.rfind(b"\n") + 1 :],) if rest
    ]


def _hunks(before: Sequence[bytes], after: Sequence[bytes], context: int) -> Iterator[bytes]:
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) > 2000)
    for group in matcher.get_grouped_opcodes(context):
        (_, first, _, new_first, _), (_, _, last, _, new_last) = group[0], group[-1]
        yield b"@@ -%s +%s @@\n" % (_range(first, last), _range(new_first, new_last))
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from _marked(b" ", before[start:end])
                continue
            yield from _marked(b"-", before[start:end])
            yield from _marked(b"+", after[new_start:new_end])


def _range(start: int, end: int) -> bytes:
    length = end - start
    first = start + 1 if length else start
    return b"%d" % first if length == 1 else b"%d,%d" % (first, length)


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line
        if not line.endswith(b"\n"):
            yield b"\n" + _NO_NEWLINE


def _quoted(side: bytes, path: str) -> bytes:
    """The name as git writes it: in quotes with C escapes when it holds a quote, a control or other bytes."""
    name = side + path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in (34, 92) for byte in name):
        return name
    escaped = b"".join(
        _ESCAPES.get(byte) or (bytes((byte,)) if 32 <= byte < 127 else b"\\%03o" % byte) for byte in name
    )
    return b'"%s"' % escaped


def _with_tab(name: bytes) -> bytes:
    """A tab ends a name with spaces, or patch would stop at the first one."""
    return name + b"\t" if b" " in name and not name.startswith(b'"') else name


def _colored(line: bytes) -> bytes:
    code = b"\x1b[1m" if line.startswith((b"diff ", b"--- ", b"+++ ")) else _COLORS.get(line[:1], b"")
    return code + line.rstrip(b"\n") + b"\x1b[0m\n" if code else line
