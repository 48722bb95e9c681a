"""What every sandbox backend offers, the limits all of them keep, and the errors they raise."""

from __future__ import annotations

from typing import Protocol

from telemetry_inject.errors import ExitCode, TelemetryInjectError

MEMORY_BYTES = 128 * 1024 * 1024
MAX_SCRIPT_BYTES = 256 * 1024
MAX_SOURCE_BYTES = 1024 * 1024


class SandboxError(TelemetryInjectError):
    """A script gave no result in the sandbox; the title says why in one line."""

    exit_code = ExitCode.INCOMPLETE


class SandboxUnsupported(SandboxError):
    """The script failed, perhaps on something this backend does not know: another backend may try it."""


class SandboxUnavailable(SandboxError):
    """No backend isolates scripts on this machine, so no foreign script is run."""


class Backend(Protocol):
    """One way to run a foreign script, apart from this process and from everything it can reach.

    The script defines `transform(source: str) -> str`. What comes back is not to be trusted either: a
    script may give any text at all.
    """

    name: str

    def run(self, script: str, source: str, timeout: float) -> str:
        """What `transform(source)` gives within `timeout` seconds; SandboxError when that is no text."""
        ...

    def close(self) -> None:
        """End whatever processes the backend keeps."""
        ...


def most_characters(source: str) -> int:
    """How long an output may be: no telemetry makes a function four times as long, plus a page."""
    return 4 * len(source) + 64 * 1024


def one_line(text: str, limit: int = 200) -> str:
    """`text` made fit to be shown: one line, printable, at most `limit` characters."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()
