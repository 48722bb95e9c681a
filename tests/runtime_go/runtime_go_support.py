"""Builds small instrumented Go modules with the real toolchain, and reads what they wrote."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import Span, load_spans

HELPER = Path(__file__).parents[2] / "src/telemetry_inject/packs/go/runtime"
IMPORT = '_tlm "example.com/m/internal/telemetryinject"'
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "GO"))}
GO = CLEAN | {
    "GOFLAGS": "-mod=mod -buildvcs=false",
    "GOTOOLCHAIN": os.environ.get("TELEMETRY_TEST_TOOLCHAIN", "local"),
    "GOWORK": "off",
}


def write_module(
    folder: Path,
    files: Mapping[str, str],
    *,
    go: str = "1.21",
    requires: str = "",
    http: bool = False,
    bridge: bool = False,
) -> Path:
    """A module with the helper, as the tool writes it; "§" in a file stands for the helper's import."""
    helper = folder / "internal/telemetryinject"
    helper.mkdir(parents=True)
    for source in HELPER.iterdir():
        if source.name == "otel_bridge.go" and not bridge:
            continue
        tag = "//go:build telemetry_http\n\n" if source.name in ("http.go", "http_headers.go") and not http else ""
        (helper / source.name).write_text(tag + source.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "go.mod").write_text(f"module example.com/m\n\ngo {go}\n{requires}", encoding="utf-8")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).replace("§", IMPORT), encoding="utf-8")
    return folder


def go(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run the go command; its output."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=folder,
        env=GO | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"go {' '.join(arguments)}\n{done.stdout}"
    return done.stdout


def uninstrumented(source: str) -> str:
    """The program without telemetry: calls of the helper taken out, its functions that give a value back unwrapped."""
    source = re.sub(r"defer _tlm\.\w+\([^\n]*?\)\.Exit\([^)]*\)", "", source)
    source = re.sub(r"_tlm\.Flush\(([^()]*)\)", r"\1", source)
    return source.replace("§", "")


@dataclass
class Outcome:
    """What a program left behind."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("telemetry/*.jsonl"))

    @property
    def spans(self) -> list[Span]:
        return list(load_spans(self.files))

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Span:
        (span,) = self.named(name)
        return span

    def parents(self) -> dict[str, str]:
        """Name -> name of the parent ("" for none, "?" for one that is not in the files)."""
        spans = self.spans
        ids = {span.span_id: span.name for span in spans}
        return {span.name: ids.get(span.parent_id, "?") if span.parent_id else "" for span in spans}


@dataclass
class Program:
    """A program that was built and may be run."""

    binary: Path
    folder: Path
    flags: tuple[str, ...] = ()

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        tree: bool = True,
        cwd: Path | None = None,
        timeout: float = 60,
        prefix: Sequence[str] = (),
    ) -> Outcome:
        """Run it in an empty folder; check its exit code (None: any) and the tree of its spans."""
        folder = cwd or self.folder / f"run{len(list(self.folder.glob('run*')))}"
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [*prefix, str(self.binary), *arguments],
            cwd=folder,
            env=CLEAN | dict(env or {}),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        outcome = Outcome(folder, done.returncode, done.stdout, done.stderr)
        if code is not None:
            assert done.returncode == code, done.stderr
        if tree:
            assert check_spans(outcome.files) == []
        return outcome


def build(
    folder: Path,
    files: Mapping[str, str] | str,
    *,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    requires: str = "",
    go_version: str = "1.21",
    http: bool = False,
    bridge: bool = False,
) -> Program:
    """Build a module, whose main.go may be given alone."""
    files = {"main.go": files} if isinstance(files, str) else files
    module = folder / "module"
    write_module(module, files, go=go_version, requires=requires, http=http, bridge=bridge)
    binary = folder / "program"
    go(module, "build", *flags, "-o", str(binary), ".", env=env)
    return Program(binary, folder, tuple(flags))
