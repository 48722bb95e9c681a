"""The results files: what each project gave at a level, with when and on what machine it was found."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from outcomes import Difference
from projects import WORK, Suite
from tables import Comparison
from telemetry_inject import __version__

FOLDER = WORK / "results"


@dataclass(frozen=True)
class Setting:
    """When and where a project was compared. `date` is of UTC, `tool` the version that instrumented it."""

    date: str
    toolchain: str
    system: str
    cores: int
    tool: str

    @classmethod
    def now(cls, toolchain: str) -> Setting:
        """This machine, today."""
        return cls(
            date=datetime.now(UTC).date().isoformat(),
            toolchain=toolchain,
            system=f"{platform.system()} {platform.machine()}",
            cores=os.cpu_count() or 1,
            tool=__version__,
        )


@dataclass(frozen=True)
class Result:
    """One project at one level."""

    setting: Setting
    comparison: Comparison


def load_results(level: str, suites: Sequence[Suite], folder: Path = FOLDER) -> list[Result]:
    """What is known of these suites, in their order; a result of another version of either side is left out.

    A difference that the suite explains by now is one that is expected, without another run.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        rows = json.loads((folder / f"{level}.json").read_text())
    except FileNotFoundError:
        return []
    found = {result.comparison.name: result for result in map(_result, rows) if result.setting.tool == __version__}
    known = ((suite, found[suite.name]) for suite in suites if suite.name in found)
    return [_explained(result, suite) for suite, result in known if result.comparison.version == suite.version]


def _explained(result: Result, suite: Suite) -> Result:
    reasons = {each.test: suite.explained(each.test) for each in result.comparison.different}
    different = [each for each in result.comparison.different if not reasons[each.test]]
    expected = result.comparison.expected | {test: reason for test, reason in reasons.items() if reason}
    return replace(result, comparison=replace(result.comparison, different=different, expected=expected))


def add_result(result: Result, level: str, suites: Sequence[Suite], folder: Path = FOLDER) -> None:
    """Put one project's result into the level's file at once, so that a run cut short loses nothing.

    `suites` are all that there are: what is in the file of others is dropped. Several runs may do so at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{level}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = {earlier.comparison.name: earlier for earlier in load_results(level, suites, folder)}
        known[result.comparison.name] = result
        unfinished = folder / f"{level}.json.new"
        unfinished.write_text(json.dumps([asdict(each) for each in known.values()], indent=1) + "\n")
        unfinished.replace(folder / f"{level}.json")


def _result(row: dict[str, Any]) -> Result:
    try:
        data = row["comparison"]
        different = [Difference(**each) for each in data["different"]]
        pairs = {name: tuple(data[name]) for name in ("exit_codes", "seconds")}
        return Result(Setting(**row["setting"]), Comparison(**{**data, **pairs, "different": different}))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a result of this harness: {error!r}") from error
