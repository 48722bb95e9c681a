"""What a language's own checker says of a text. It is given the text on standard input and runs nothing of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache, cached_property

from telemetry_inject.traditional.light_packs import LightPack

SECONDS = 30.0
_LINE = re.compile(rb"(?::|\bline )(\d+)")


@dataclass(frozen=True)
class LanguageChecker:
    """The checker of one light pack's language."""

    pack: LightPack

    @property
    def wanted(self) -> bool:
        """Whether the language has a checker that executes nothing."""
        return "check" in self.pack.config

    @cached_property
    def command(self) -> list[str] | None:
        """The command on this machine; None when it is not installed."""
        table = self.pack.config.get("check", {})
        for command in (table.get("command"), *table.get("others", ())):
            program = shutil.which(command[0]) if command else None
            if program:
                return [program, *command[1:]]
        return None

    @property
    def program(self) -> str:
        """What would have to be installed."""
        return str(self.pack.config["check"]["command"][0])

    def fault(self, text: bytes) -> str | None:
        """What is wrong with `text`, without quoting it; None when nothing is."""
        assert self.command is not None
        with tempfile.TemporaryDirectory(prefix="telemetry-inject-") as folder:
            # Nothing of the user's environment: some of it names files that are run first.
            environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": folder}
            try:
                done = subprocess.run(
                    self.command, input=text, capture_output=True, cwd=folder, env=environment, timeout=SECONDS
                )
            except subprocess.TimeoutExpired:
                return f"{self.program} did not end in {SECONDS:.0f} s"
            except BrokenPipeError:
                return f"{self.program} ended early"
        if done.returncode == 0:
            return None
        found = _LINE.search(done.stderr or done.stdout)
        return f"line {int(found[1])}: not valid {self.pack.title}" if found else f"not valid {self.pack.title}"

    def is_whole(self, text: bytes) -> bool:
        """Whether `text` alone is a whole piece of the language, in one of the settings that the pack names."""
        for before, after in self.pack.config["check"].get("wrap", [["", ""]]):
            if self.fault(before.encode() + text + b"\n" + after.encode() + b"\n") is None:
                return True
        return False


@cache
def checker_of(pack: LightPack) -> LanguageChecker:
    """The checker for a pack, looked for once."""
    return LanguageChecker(pack)
