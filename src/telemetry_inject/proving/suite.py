"""Runs the user's command on a copy of the project, in places of our own, and remembers what came of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from telemetry_inject.proving.environment import suite_environment
from telemetry_inject.proving.execution import Execution, execute
from telemetry_inject.proving.hooking import SELECTING, Hooks
from telemetry_inject.proving.project_copy import Project, ProjectCopier, remove_tree
from telemetry_inject.proving.reports import Outcomes
from telemetry_inject.proving.span_counts import Calls, count_calls
from telemetry_inject.proving.variants import write_over

COMMAND = "(the command)"
"""The name under which the exit code of the command itself is compared, as if it were a test."""

_OUTPUT = 6000


@dataclass(frozen=True)
class Run:
    """What one run gave. `tests`: outcome by id; `cpu`, `wall`: seconds; `complete`: every runner came to its end."""

    tests: dict[str, str]
    reasons: dict[str, str]
    complete: bool
    exit_code: int
    timed_out: bool
    cpu: float
    wall: float
    output: str
    output_bytes: int
    left_running: int
    runners: list[str]
    spans: int
    calls: Calls = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        """How many tests ended like that."""
        return Counter(self.tests.values())[outcome]

    @property
    def verdict(self) -> str:
        """How the command itself ended."""
        if self.timed_out:
            return "timed out"
        return f"exit {self.exit_code}" if self.exit_code >= 0 else f"signal {-self.exit_code}"


class RunCache:
    """Results of runs that took place, by what they depend on: an interrupted verification goes on from them.

    They are sealed with the user's key, as a stranger's repository may bring a folder of this name.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._key = b""
        self._known: dict[str, Run] = {}
        if folder is not None:
            from telemetry_inject.scripts.user_key import KeyUnavailable, load_key

            try:
                self._key = load_key()
                folder.mkdir(parents=True, exist_ok=True)
            except (KeyUnavailable, OSError):
                self._folder = None

    def get(self, key: str) -> Run | None:
        """The result, if it is there and ours."""
        if self._folder is None or key in self._known:
            return self._known.get(key)
        try:
            seal, _, data = (self._folder / f"{key}.json").read_bytes().partition(b"\n")
            if not hmac.compare_digest(seal.decode(), self._seal(key, data)):
                return None
            return Run(**json.loads(data))
        except (OSError, ValueError, TypeError):
            return None

    def put(self, key: str, run: Run) -> None:
        """Remember a result; that it cannot be written is no reason to end."""
        self._known[key] = run
        if self._folder is None:
            return
        from telemetry_inject.atomic_write import write_atomic
        from telemetry_inject.errors import OutputError

        data = json.dumps(asdict(run)).encode()
        try:
            write_atomic(self._folder / f"{key}.json", self._seal(key, data).encode() + b"\n" + data)
        except OutputError:
            self._folder = None

    def _seal(self, key: str, data: bytes) -> str:
        return hmac.new(self._key, b"verify\n" + key.encode() + b"\n" + data, hashlib.sha256).hexdigest()

    def clear(self) -> None:
        """Forget them all: the verification has come to its end."""
        if self._folder is not None:
            remove_tree(self._folder)


class Suite:
    """One command on one project. Runs may go on at the same time, each in a place of its own."""

    def __init__(
        self,
        project: Project,
        copier: ProjectCopier,
        command: str,
        work: Path,
        environment: Mapping[str, str],
        cache: RunCache,
        stop: threading.Event,
        read: Callable[[str], Outcomes] | None = None,
    ) -> None:
        """`stop` ends what is running, when it is set. `read` gives outcomes from what the command prints; without,
        they are what test runners report."""
        self.project, self.command, self.stop = project, command, stop
        self._work, self._base, self._cache, self._read = work, dict(environment), cache, read
        self._copier = copier
        self._places: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._made = 0
        self._number = 0
        self._lock = threading.Lock()
        self.runs = 0
        self._digest = hashlib.sha256(f"{command}\0{read is None}".encode() + _relevant(environment)).digest()

    def seed(self, digest: bytes) -> None:
        """What the untouched project is, for the names of remembered results."""
        self._digest = hashlib.sha256(self._digest + digest).digest()

    def run(
        self,
        files: Mapping[str, bytes],
        limit: float,
        selected: Collection[str] | None = None,
        repeat: int = 0,
        count: bool = False,
    ) -> Run:
        """Run the command with `files` (by path in the project) in place of those that are there.

        `selected`: only these tests, if the runner can; `repeat` tells apart runs of one state; `count`: also which
        functions were called how often.
        """
        key = self._key(files, selected, repeat, count)
        known = self._cache.get(key)
        if known is not None:
            return known
        with self._lock:
            self._number += 1
            number = self._number
            self.runs += 1
        place = self._place()
        try:
            run = self._run(place, number, files, limit, selected, count)
        finally:
            self._places.put(place)
        if not self.stop.is_set() and not run.timed_out:  # another limit may be enough
            self._cache.put(key, run)
        return run

    def _place(self) -> Path:
        try:
            return self._places.get_nowait()
        except queue.Empty:
            with self._lock:
                self._made += 1
                folder = self._work / str(self._made)
            folder.mkdir()
            hoisted = next(
                (parent for parent in self.project.folder.parents if (parent / "node_modules").is_dir()), None
            )
            if hoisted is not None and (self.project.folder / "package.json").exists():
                (folder / "node_modules").symlink_to(hoisted / "node_modules")
            return folder / self.project.folder.name

    def _run(
        self, place: Path, number: int, files: Mapping[str, bytes], limit: float, selected: Collection[str] | None,
        count: bool,
    ) -> Run:  # fmt: skip
        scratch = self._work / f"r{number}"
        scratch.mkdir()
        try:
            self._copier.sync(place)
            write_over(place, files)
            folder = place / self.project.command_folder
            hooks = Hooks(scratch / "hooks", {self.project.folder: place}, selected)
            environment = suite_environment(self._base, scratch, self.project.folder, place, folder)
            environment |= hooks.variables(environment)
            done = execute(
                self.command,
                folder,
                environment,
                limit,
                f"{self._work.parent.name}-{self._work.name}-{number}",
                self.stop,
            )
            return self._result(done, hooks, scratch, place, count)
        finally:
            remove_tree(scratch)

    def _result(self, done: Execution, hooks: Hooks, scratch: Path, place: Path, count: bool) -> Run:
        outcomes, runners = hooks.outcomes(done.output, place / self.project.command_folder)
        if self._read is not None:
            outcomes, runners = self._read(_plain(done.output, scratch, place)), frozenset(("build",))
        count = count or done.timed_out  # what is called too often is looked for then
        spans, calls = count_calls(scratch / "spans", place / self.project.scanned, count)
        return Run(
            tests=outcomes.tests,
            reasons={test: _plain(reason, scratch, place) for test, reason in outcomes.reasons.items()},
            complete=outcomes.complete and not done.timed_out,
            exit_code=done.exit_code,
            timed_out=done.timed_out,
            cpu=round(done.cpu, 3),
            wall=round(done.wall, 3),
            output=_plain(done.output[-_OUTPUT:], scratch, place),
            output_bytes=done.output_bytes,
            left_running=done.left_running,
            runners=sorted(runners),
            spans=spans,
            calls=calls,
        )

    def _key(self, files: Mapping[str, bytes], selected: Collection[str] | None, *rest: object) -> str:
        digest = hashlib.sha256(self._digest)
        for path in sorted(files):
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(files[path]).digest())
        tests = None if selected is None else sorted(selected)
        digest.update(json.dumps([tests, *rest]).encode())
        return digest.hexdigest()


def can_select(runners: Collection[str]) -> bool:
    """Whether all of these can run some of their tests."""
    return bool(runners) and all(runner in SELECTING for runner in runners)


def _plain(text: str, scratch: Path, place: Path) -> str:
    """Without the names of our folders, which differ from run to run."""
    return text.replace(str(place), ".").replace(str(scratch), "<tmp>")


def _relevant(environment: Mapping[str, str]) -> bytes:
    """What of the environment an outcome is likely to depend on."""
    dropped = ("PWD", "OLDPWD", "SHLVL", "_", "TERM", "COLUMNS", "LINES", "WINDOWID")
    kept: dict[str, Any] = {name: value for name, value in environment.items() if name not in dropped}
    kept = {name: value for name, value in kept.items() if not name.startswith(("SSH_", "TELEMETRY_INJECT_"))}
    stamps = []
    for folder in map(Path, (environment.get("PATH") or "").split(os.pathsep)):
        for place in (folder, *sorted(folder.parent.glob("lib/python*/site-packages"))):
            try:
                stamps.append(place.stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
    return json.dumps([sorted(kept.items()), stamps]).encode("utf-8", "surrogateescape")
