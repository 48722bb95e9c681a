"""Settings that do not go together, and paths that cannot be worked on: found before anything is done."""

from __future__ import annotations

import os
from pathlib import Path

from telemetry_inject.config import Settings
from telemetry_inject.errors import UsageError


def check_settings(settings: Settings) -> None:
    """Raise UsageError for the first conflict; the help line says which way out there is."""
    _check_flags(settings)
    packs = settings.packs
    if packs is not None and not any((*packs.glob("*/pack.toml"), *packs.glob("_light/*/pack.toml"))):
        title = f"--packs: {settings.packs} holds no language pack"
        raise UsageError(title, "Give a folder with a folder for each language, and pack.toml in each.")
    if settings.stdin:
        return
    _check_path(settings.path)
    if not settings.in_place and settings.writes:
        _check_output(settings)
    if settings.cache and settings.cache_dir.exists() and not settings.cache_dir.is_dir():
        raise UsageError(f"{settings.cache_dir}: is not a folder", "Give another one with --cache-dir.")
    if settings.cache and _same(settings.cache_dir, settings.path):
        raise UsageError("the cache directory is the input itself", "Give another one with --cache-dir.")


def _check_flags(settings: Settings) -> None:
    output_given = settings.sources.get("output") == "--output"
    shows = settings.check or settings.dry_run
    table = (
        (settings.stdin and settings.in_place, "-", "--in-place", "Standard input has no place to write to."),
        (settings.stdin and output_given, "-", "--output", "Send standard output where you want it."),
        (settings.stdin and settings.remove, "-", "--remove", "Give --remove a file or a folder."),
        (settings.stdin and bool(settings.changed_since), "-", "--changed-since", "Give a folder."),
        (
            settings.stdin and settings.json and not shows,
            "-",
            "--json",
            "Both write to standard output: add --check or --dry-run for the report alone.",
        ),
        (settings.overlay is not None and settings.stdin, "-", "--overlay", "Give --overlay a folder."),
        (settings.overlay is not None and settings.in_place, "--overlay", "--in-place", "An overlay changes no tree."),
        (settings.overlay is not None and settings.remove, "--overlay", "--remove", "Delete the overlay's files."),
        (settings.in_place and output_given, "--in-place", "--output", "Choose one place to write to."),
        (settings.in_place and settings.check, "--in-place", "--check", "--check writes nothing."),
        (settings.in_place and settings.diff, "--in-place", "--diff", "--diff writes nothing but the patch."),
        (
            settings.json and settings.diff,
            "--json",
            "--diff",
            "Both write to standard output.",
        ),
        *_with_proof(settings),
        *_with_spans(settings, output_given),
        (settings.quiet and settings.verbose, "--quiet", "--verbose", "Choose one."),
    )
    for conflict, one, other, help_text in table:
        if conflict:
            raise UsageError(f"{one} and {other} do not go together", help_text)
    if "stdin-filename" in settings.sources and not settings.stdin:
        raise UsageError("--stdin-filename is only for standard input", "Give `-` as PATH, or leave it out.")
    if settings.proves and os.name != "posix":
        raise UsageError("--verify works on Linux and macOS only", "Run it there, or in WSL.")
    for name, wanted in (("verify-save", settings.verify_save), ("max-overhead", settings.max_overhead is not None)):
        if wanted and not settings.verify and name in settings.sources and settings.sources[name].startswith("--"):
            raise UsageError(f"--{name} is only for --verify", "Say with --verify which command runs the tests.")
    _check_companions(settings)
    if settings.changed_since.startswith("-"):
        raise UsageError("--changed-since: a revision cannot start with '-'", "Give a branch, tag or commit.")


def _with_spans(settings: Settings, output_given: bool) -> tuple[tuple[bool, str, str, str], ...]:
    """What does not go together with a map, or with choosing functions by their spans."""
    view = "A map is a view: it writes no tree."
    for_map = (
        (settings.stdin, "-", "Give a file or a folder."),
        (settings.in_place, "--in-place", view),
        (output_given, "--output", view),
        (settings.overlay is not None, "--overlay", view),
        (settings.remove, "--remove", view),
        (settings.diff, "--diff", view),
        (settings.check, "--check", "--map always ends with 0: run --check for a verdict."),
        (settings.proves, "--verify", view),
        (bool(settings.prune_from), "--prune-from", "Look at the map with --spans first, then prune."),
    )
    for_pruning = (
        (settings.stdin, "-", "Give a file or a folder."),
        (settings.remove, "--remove", "Remove first, then prune; or give --prune-from alone, which instruments anew."),
    )
    return (
        *((settings.map and conflict, "--map", other, text) for conflict, other, text in for_map),
        *(
            (bool(settings.prune_from) and conflict, "--prune-from", other, text)
            for conflict, other, text in for_pruning
        ),
    )


def _check_companions(settings: Settings) -> None:
    """Flags that say nothing without another one."""
    for flag, given, other, there in (
        ("--spans", bool(settings.spans), "--map", settings.map),
        ("--html", settings.html is not None, "--map", settings.map),
        ("--prune-save", settings.prune_save, "--prune-from", bool(settings.prune_from)),
        ("--max-calls-per-s", settings.max_calls_per_s is not None, "--prune-from", bool(settings.prune_from)),
        ("--min-self-time", settings.min_self_time is not None, "--prune-from", bool(settings.prune_from)),
    ):
        if given and not there and settings.sources.get(flag[2:], flag) == flag:
            raise UsageError(f"{flag} is only for {other}", f"Add {other}; see --help.")


def _with_proof(settings: Settings) -> tuple[tuple[bool, str, str, str], ...]:
    """What does not go together with running the user's own commands."""
    flag = "--verify" if settings.verify else "--verify-build"
    others = (
        (settings.stdin, "-", "Give a folder."),
        (settings.remove, "--remove", "What is taken out again is what was there before."),
        (settings.check, "--check", "Use --dry-run to prove without writing."),
        (settings.diff, "--diff", "Use --dry-run to prove without writing."),
        (settings.overlay is not None, "--overlay", "Prove a copy, and make the overlay with the same leave-out."),
    )
    return tuple((settings.proves and conflict, flag, other, text) for conflict, other, text in others)


def _check_path(path: Path) -> None:
    try:
        known = path.is_file() or path.is_dir()
        exists = known or path.exists()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", "Check its name and rights.") from None
    if known:
        return
    if exists:
        raise UsageError(f"{path}: is neither a file nor a folder", "Give one of the two as PATH.")
    if path.is_symlink():
        raise UsageError(f"{path}: is a broken symbolic link", "Give the file or folder itself.")
    raise UsageError(f"{path}: there is no such file or folder", "Check the name; see --help for an example.")


def _check_output(settings: Settings) -> None:
    output, path = settings.output, settings.path
    way_out = "Give another folder with -o, or change the sources themselves with --in-place."
    if output.is_symlink() and not output.exists():
        raise UsageError(f"{output}: the output is a broken symbolic link", way_out)
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: the output exists and is not a folder", way_out)
    folder = path if path.is_dir() else path.parent
    if _same(output, folder):
        raise UsageError(f"{output}: the output is the folder of the input itself", way_out)
    if path.is_dir() and _is_inside(path, output):
        raise UsageError(f"{output}: the output contains the input {path}", way_out)


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _is_inside(inner: Path, outer: Path) -> bool:
    """Whether `inner` lies in `outer`, by what is on the disk: letter case and links may differ."""
    if not outer.exists():
        return inner.resolve().is_relative_to(outer.resolve())
    return any(parent.samefile(outer) for parent in inner.resolve().parents)
