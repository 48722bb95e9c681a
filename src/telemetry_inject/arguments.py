"""The command line's flags: what can be said and how it is explained. Values are checked in config.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from telemetry_inject.errors import UsageError

PROGRAM = "telemetry-inject"
DESCRIPTION = "Put OpenTelemetry spans into code that has none, without changing anything else."
EXAMPLES = """\
examples:
  telemetry-inject src --use-scripts        a runnable, instrumented copy in ./instrumented
  telemetry-inject src --diff | git apply   look at the patch first, or apply it
  telemetry-inject src --in-place           change the sources themselves ...
  telemetry-inject src --in-place --remove  ... and take everything out again
  telemetry-inject src --check              exit 1 when something is not instrumented yet
  telemetry-inject report [FILE ...]        show the spans that an instrumented program has recorded
  telemetry-inject src --map                which functions get spans, and why the others do not

Every option but those that say what one run does may also stand in [tool.telemetry-inject] of
pyproject.toml or in telemetry-inject.toml; flags win over the environment, that over .env, that over
the file. Exit codes: 0 done, 1 would change or something failed, 2 usage, 3 our bug, 4 budget reached,
5 proved after functions were left out, 6 not proved and nothing written, 130 interrupted."""


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's words."""
        raise UsageError(message.removeprefix("argument "), f"See `{PROGRAM} --help`.")


def build_parser() -> Parser:
    """The parser; what was not given is not in the namespace."""
    parser = Parser(
        PROGRAM,
        usage=f"{PROGRAM} PATH [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("path", nargs="?", metavar="PATH", help="a folder, a file, or - for standard input")
    _add_pipeline(parser)
    _add_selection(parser)
    _add_output(parser)
    _add_proof(parser)
    _add_spans(parser)
    _add_models(parser)
    _add_debugging(parser)
    _add_others(parser)
    return parser


def _switch(group: Any, *names: str, text: str, **more: Any) -> None:
    group.add_argument(*names, action="store_true", help=text, **more)


def _off(group: Any, name: str, target: str, text: str) -> None:
    group.add_argument(name, action="store_false", dest=target, help=text)


def _add_pipeline(parser: Parser) -> None:
    group = parser.add_argument_group("how it works")
    _switch(group, "--use-scripts", text="insertion scripts from templates and the cache: no model, no cost")
    group.add_argument("--max-parallel", metavar="N", help="concurrent workers (default: 12)")
    _off(group, "--no-parallel", "parallel", "one after the other")
    _switch(group, "--validate", text="prove each result before it is written (default)")
    _off(group, "--no-validate", "validate", "leave out the costly part of the proof")
    group.add_argument("--cache-dir", metavar="DIR", help="cached scripts (default: .telemetry_cache)")
    _off(group, "--no-cache", "cache", "neither read nor write the cache")
    group.add_argument("--packs", metavar="DIR", help="a folder of your own language packs (may hold code)")
    group.add_argument("--max-retries", metavar="N", help="attempts of a model (default: 3)")
    group.add_argument("--reflection-threshold", metavar="N", help="failures before reflection (default: 2)")


def _add_selection(parser: Parser) -> None:
    group = parser.add_argument_group("what is instrumented")
    text = "how much: function (default), flow or full; languages that a model reads know function only"
    group.add_argument("--level", metavar="LEVEL", help=text)
    _switch(group, "--all-functions", text="also those left alone by default: trivial ones, hot dunders")
    group.add_argument(
        "--include",
        metavar="GLOB",
        action="append",
        help="only these, written as in .gitignore; wins over default exclusions (repeatable)",
    )
    group.add_argument("--exclude", metavar="GLOB", action="append", help="not these (repeatable)")
    group.add_argument(
        "--leave-out",
        metavar="FILE:NAME",
        action="append",
        help="leave this function as it is: path/file.py:Class.method (repeatable)",
    )
    _off(group, "--no-gitignore", "gitignore", "also files that git ignores")
    _switch(group, "--include-tests", text="also tests")
    group.add_argument("--changed-since", metavar="REV", help="only files changed since a git revision, and new ones")
    group.add_argument("--max-file-size", metavar="SIZE", help="leave larger files out (default: 5M)")


def _add_output(parser: Parser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument("-o", "--output", metavar="DIR", help="where the copy goes (default: ./instrumented)")
    _switch(group, "--in-place", text="change the sources themselves")
    group.add_argument("--overlay", metavar="FILE", help="Go: change no tree, write a map for `go build -overlay FILE`")
    _switch(group, "--remove", text="take the telemetry out again")
    _switch(group, "--dry-run", text="do everything but write")
    _switch(group, "--diff", text="write a patch on standard output and nothing else")
    _switch(group, "--check", text="write nothing; exit 1 when something would change")
    group.add_argument("--stdin-filename", metavar="NAME", help="the name of what comes on standard input")
    _switch(group, "--json", text="one JSON document on standard output: every function, what and why")
    _switch(group, "-v", "--verbose", text="say what is done, and why files and functions are left out")
    _switch(group, "-q", "--quiet", text="say nothing but errors")
    group.add_argument("--color", metavar="WHEN", help="auto (default), always or never; see NO_COLOR")


def _add_proof(parser: Parser) -> None:
    group = parser.add_argument_group("proof on your own tests")
    group.add_argument("--verify", metavar="CMD", help="run the tests without and with it; leave out what changes")
    group.add_argument("--verify-build", metavar="CMD", help="the same for a compiler: go build ./..., tsc --noEmit")
    group.add_argument("--verify-timeout", metavar="S", help="seconds for one run (default: 10 times the first one)")
    _switch(group, "--verify-save", text="write what was left out to the project file")
    group.add_argument("--verify-allow", metavar="TEST", action="append", help="this test may change (repeatable)")
    group.add_argument("--max-overhead", metavar="SHARE", help="leave out the hottest functions to stay below: 10%%")


def _add_spans(parser: Parser) -> None:
    group = parser.add_argument_group("what spans say of the code (PATH goes before these)")
    _switch(group, "--map", text="show which functions get spans, and why the others do not; write no tree")
    _many(group, "--spans", "with --map: show also what was called in these runs (files or folders)")
    group.add_argument("--html", metavar="OUT", help="with --map: write one self-contained page")
    _many(group, "--prune-from", "leave out the functions that only cost in these runs (files or folders)")
    group.add_argument("--max-calls-per-s", metavar="N", help="those called more often than that (default: 1000)")
    group.add_argument("--min-self-time", metavar="T", help="those that take less a call by themselves (default: 10us)")
    _switch(group, "--prune-save", text="write what was pruned to the project file")


def _many(group: Any, name: str, text: str) -> None:
    group.add_argument(name, metavar="FILE", nargs="+", action="extend", help=text)


def _add_models(parser: Parser) -> None:
    group = parser.add_argument_group("models")
    group.add_argument("--provider", metavar="NAME", help="openai, anthropic or ollama (default: found out)")
    group.add_argument("--model", metavar="NAME", help="model to use; several for a pool of Ollama servers: A,B")
    group.add_argument("--base-url", metavar="URL", help="address of the provider")
    group.add_argument("--api-key", metavar="KEY", help="key of the provider; better in the environment")
    group.add_argument("--budget", metavar="AMOUNT", help="most US dollars to spend; a hard limit, exit code 4")
    group.add_argument("--price", metavar="IN/OUT", help="the model's price, dollars a million tokens: 2.50/10")
    group.add_argument("--context-window", metavar="N", help="the model's context in tokens (default: found out)")
    group.add_argument("--max-output", metavar="N", help="longest answer in tokens (default: found out)")
    group.add_argument("--prompts", metavar="DIR", help="a folder with prompts of your own")
    _switch(group, "--configure", text="choose a provider step by step")
    _switch(group, "--check-api", text="try the provider")
    _switch(group, "--list-models", text="list the provider's models")


def _add_debugging(parser: Parser) -> None:
    group = parser.add_argument_group("looking inside")
    _switch(group, "--debug-trace", text="write logs/debug_trace_<time>.jsonl and show it on standard error")
    group.add_argument("--trace-level", metavar="LEVEL", help="TRACE, DEBUG (default), INFO, WARNING, ERROR")
    _off(group, "--no-trace-console", "trace_console", "write the trace to its file only")
    _switch(group, "--trace-prompts", text="prompts and answers in the trace, what looks like a secret starred")
    _switch(group, "--show-settings", text="print every option, its value and where it comes from")
    _switch(group, "--show-files", text="print the files that would be instrumented; with -v also the others")


def _add_others(parser: Parser) -> None:
    group = parser.add_argument_group("others")
    group.add_argument("--config", metavar="FILE", help="this project file instead of the nearest one")
    _switch(group, "--isolated", text="read neither project files nor .env")
    group.add_argument("--print-completion", metavar="SHELL", help="completion for bash, zsh, fish, ...")
    _switch(group, "--version", text="print the version")
    _switch(group, "-h", "--help", text="print this help")


def parse_arguments(argv: Sequence[str]) -> dict[str, Any]:
    """What was given, by name. Raises UsageError; its words repeat no value, which might be a key."""
    parser = build_parser()
    namespace, rest = parser.parse_known_args(argv)
    unknown = [_bare(word) for word in rest if word.startswith("-") and word != "-"]
    if unknown:
        import difflib

        flags = [flag for action in parser._actions for flag in action.option_strings]
        close = difflib.get_close_matches(unknown[0], flags, 1)
        hint = f"Did you mean {close[0]}?" if close else f"See `{PROGRAM} --help`."
        raise UsageError(f"unknown option {unknown[0]}", hint)
    if rest:
        named = ", ".join(word for word in rest if Path(word).exists())
        raise UsageError(
            f"only one PATH can be given, and there is more: {named or len(rest)}",
            "Run once for each, or give the folder above them and --include.",
        )
    return vars(namespace)


def _bare(option: str) -> str:
    """The option without the value that may be glued to it."""
    return option.partition("=")[0] if option.startswith("--") else option[:2]


def completion(shell: str) -> str:
    """The completion script for `shell`. Raises UsageError for a shell that is not known."""
    import shtab

    from telemetry_inject.option_kinds import TRACE_LEVELS
    from telemetry_inject.types import Level

    if shell not in shtab.SUPPORTED_SHELLS:
        allowed = ", ".join(shtab.SUPPORTED_SHELLS)
        raise UsageError(f"--print-completion: {shell!r} is not allowed", f"Allowed: one of {allowed}.")
    parser = build_parser()
    choices = {"level": list(Level), "trace_level": TRACE_LEVELS, "color": ("auto", "always", "never")}
    choices["provider"] = ("openai", "anthropic", "ollama")
    for action in parser._actions:
        action.choices = choices.get(action.dest)
        if action.metavar in ("PATH", "FILE"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell=shell))
