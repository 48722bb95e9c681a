"""Prompts are files: read, check and fill them. A folder of the user's may hold others of the same names.

A file has a part for the system and one for the user, each after a line `<<system>>` or `<<user>>`, and places
`{{name}}` for what the question is about. All of a prompt's places must be filled, and nothing else may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib import resources
from pathlib import Path

from telemetry_inject.errors import UsageError
from telemetry_inject.llm.types import Message

SUFFIX = ".md"
LARGEST_FILE = 1024**2
_PART = re.compile(r"^<<(system|user)>>[ \t]*\n", re.MULTILINE)
_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True)
class Prompt:
    """One prompt file. `origin` names it in errors."""

    name: str
    system: str = field(repr=False)
    user: str = field(repr=False)
    origin: str

    @cached_property
    def places(self) -> frozenset[str]:
        """The names of what has to be filled in."""
        return frozenset(_PLACE.findall(self.system + self.user))

    @cached_property
    def digest(self) -> str:
        """Names this wording in cache keys: another wording may get another answer."""
        parts = (self.name.encode(), self.system.encode(), self.user.encode())
        return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()

    def messages(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """The messages with `values` in their places; what is filled in is not read for places again.

        Raises UsageError when a place has no value, as in a file of the user's that names another one.
        """
        missing = sorted(self.places - values.keys())
        if missing:
            known = ", ".join(sorted(values)) or "none"
            raise UsageError(f"{self.origin}: nothing is known for {{{{{missing[0]}}}}}", f"Places here: {known}.")
        filled = []
        for role, text in (("system", self.system), ("user", self.user)):
            if text:
                filled.append(Message(role, _PLACE.sub(lambda match: values[match[1]], text)))  # type: ignore[arg-type]
        return tuple(filled)


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """The prompt `name`: from `folder` if it has one, else ours. Raises UsageError for a file that is no prompt."""
    own = folder / (name + SUFFIX) if folder is not None else None
    if own is not None and own.exists():
        origin = str(own)
        try:
            with own.open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{origin}: cannot be read: {error}", "Make it a UTF-8 text file.") from None
        if len(data) > LARGEST_FILE:
            raise UsageError(f"{origin}: too large for a prompt", "A prompt is a page or two.")
    else:
        origin = f"the prompt {name!r}"
        text = resources.files(__package__).joinpath(name + SUFFIX).read_text("utf-8")
    return _parsed(name, text.replace("\r\n", "\n"), origin)


def _parsed(name: str, text: str, origin: str) -> Prompt:
    pieces = _PART.split(text)
    before, parts = pieces[0], dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if before.strip() or not parts.get("user", "").strip() or len(pieces) // 2 != len(parts):
        raise UsageError(f"{origin}: is not a prompt", "It needs a line <<user>>, and may have <<system>> before it.")
    return Prompt(name, parts.get("system", "").strip(), parts["user"].strip(), origin)


def check_folder(folder: Path) -> None:
    """Raise UsageError for a file in the user's folder that is no prompt of ours: a name with a mistake in it."""
    known = {entry.name for entry in resources.files(__package__).iterdir() if entry.name.endswith(SUFFIX)}
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder", "Give a folder with prompt files.")
    for path in sorted(folder.glob("*" + SUFFIX)):
        if path.name not in known:
            raise UsageError(f"{path}: there is no prompt of this name", f"Names: {', '.join(sorted(known))}.")
