"""The command: arguments -> settings -> one call -> words and an exit code. The only place that exits.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import errno
import io
import os
import sys

from telemetry_inject import __version__
from telemetry_inject.errors import ExitCode, TelemetryInjectError, UsageError

TYPE_CHECKING = False  # typing itself, and pathlib, would be a third of the time of --version
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from telemetry_inject.config import Settings

_WRITE_FAILURES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
_ABOUT_MODELS = ("configure", "check_api", "list_models")


def entry_point() -> None:
    """The console script: run, then end the process with the exit code."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: the next file opened would take its place
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))
    code = main()
    # Whatever is still buffered for a reader that has gone would raise once more while Python ends.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    _tolerate_any_name()
    arguments = list(sys.argv[1:] if argv is None else argv)
    context = _Context()
    try:
        code = _dispatch(arguments, context)
        sys.stdout.flush()
        return int(code)
    except TelemetryInjectError as error:
        _say(f"error: {context.scrubbed(error.title)}")
        if error.help_text:
            _say(f"help: {context.scrubbed(error.help_text)}")
        return int(error.exit_code)
    except KeyboardInterrupt as interrupt:
        _say(f"interrupted: {interrupt}" if str(interrupt) else INTERRUPTED)
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return int(context.code)
    except ModuleNotFoundError as error:
        if (error.name or "telemetry_inject").partition(".")[0] == "telemetry_inject":
            return _unexpected(error, context)
        _say(f"error: the package {error.name} is not installed")
        _say("help: Install telemetry-inject with what it needs: `pip install .` in its folder.")
        return int(ExitCode.USAGE)
    except Exception as error:
        return _unexpected(error, context)


INTERRUPTED = "interrupted: files that were finished are written, the others are untouched"


class _Context:
    """What is known so far, for the words and the code when something ends the run early."""

    def __init__(self) -> None:
        self.debug = os.environ.get("DEBUG", "").strip().lower() in ("true", "1", "yes", "on")
        self.secrets: tuple[str, ...] = ()
        self.code: int = ExitCode.DONE

    def finished(self, code: int) -> None:
        """The work is done with this exit code; only words are left to say."""
        self.code = code

    def scrubbed(self, text: str) -> str:
        """`text` without known keys, and without control characters that could play with a terminal."""
        from telemetry_inject.report.terminal import printable

        for secret in self.secrets:
            text = text.replace(secret, "***")
        return printable(text)


def _unexpected(error: Exception, context: _Context) -> int:
    if isinstance(error, OSError) and error.filename is None and error.errno in _WRITE_FAILURES:
        _say(f"error: the results cannot be written: {error.strerror}")
        _say("help: Make room or send them elsewhere; files that were finished are written.")
        return int(ExitCode.INCOMPLETE)
    if context.debug:
        import traceback

        for line in traceback.format_exc().splitlines():
            _say(context.scrubbed(line))
    text = context.scrubbed(" ".join(f"{type(error).__name__}: {error}".split()))
    _say(f"error: this is a bug in telemetry-inject {__version__}; please report it: {text}")
    if not context.debug:
        _say("help: Run it again with DEBUG=true for the traceback that the report needs.")
    return int(ExitCode.BUG)


def _dispatch(argv: list[str], context: _Context) -> int:
    if argv == ["--version"]:
        print(f"telemetry-inject {__version__}")
        return ExitCode.DONE
    if argv[:1] == ["report"]:
        from telemetry_inject.report.report_command import run_report

        return run_report(argv[1:])
    from telemetry_inject.arguments import build_parser, completion, parse_arguments

    flags = parse_arguments(argv)
    context.secrets = (flags["api_key"],) if flags.get("api_key") else ()
    if flags.get("help"):
        print(build_parser().format_help(), end="")
        return ExitCode.DONE
    if flags.get("version"):
        print(f"telemetry-inject {__version__}")
        return ExitCode.DONE
    if "print_completion" in flags:
        print(completion(flags["print_completion"]))
        return ExitCode.DONE
    return _work(flags, context)


def _work(flags: Mapping[str, Any], context: _Context) -> int:
    from pathlib import Path

    from telemetry_inject.config import load_settings

    if flags.get("isolated") and flags.get("config"):
        raise UsageError("--isolated and --config do not go together", "Choose one.")
    about_models = [flag for flag in _ABOUT_MODELS if flags.get(flag)]
    if len(about_models) > 1:
        one, other = ("--" + flag.replace("_", "-") for flag in about_models[:2])
        raise UsageError(f"{one} and {other} do not go together", "Choose one.")
    if not flags.get("path") and not flags.get("show_settings") and not about_models:
        raise UsageError("PATH is missing", "Give a folder, a file, or - for standard input; see --help.")
    try:
        here = Path.cwd()
    except OSError as error:
        title = f"the current directory cannot be read: {error.strerror}"
        raise UsageError(title, "Change into one that is there.") from None
    if about_models == ["configure"]:
        from telemetry_inject.config_menu import run_config_menu

        return run_config_menu(here, os.environ)
    settings = load_settings(flags, os.environ, here)
    context.secrets, context.debug = settings.secrets, settings.debug
    if about_models:
        from telemetry_inject.model_commands import check_api, list_models

        return list_models(settings) if about_models == ["list_models"] else check_api(settings)
    if flags.get("show_settings"):
        print(_shown_settings(settings))
        return ExitCode.DONE
    from telemetry_inject.config_checks import check_settings
    from telemetry_inject.run_command import run_command

    check_settings(settings)
    return run_command(settings, bool(flags.get("show_files")), context.finished)


def _shown_settings(settings: Settings) -> str:
    """Every option with its value, as TOML, and where it comes from; as JSON with --json."""
    import json

    if settings.json:
        rows = {
            name: {"value": value, "source": settings.sources.get(name, "default")}
            for name, value in settings.public().items()
        }
        return json.dumps(rows, indent=2)
    lines = [
        (f"{name} = {'' if value is None else json.dumps(value)}", settings.sources.get(name, "default"))
        for name, value in settings.public().items()
        if name != "path"
    ]
    width = max(len(line) for line, _ in lines)
    return "\n".join(f"{line:<{min(width, 60)}}  # {source}" for line, source in lines)


def _tolerate_any_name() -> None:
    """File names need not be text in the terminal's encoding: print those with escapes, do not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr)
    except (OSError, ValueError):
        pass  # nobody can be told that nobody listens
