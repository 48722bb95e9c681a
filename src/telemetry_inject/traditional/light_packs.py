"""Light packs: languages without a grammar. Data says what a function's first and last lines look like and what is
inserted where; a model says which lines those are; `packs/_light/README.md` explains the entries."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from telemetry_inject.engine.packs import BUILT_IN, RuntimePack
from telemetry_inject.errors import PackError
from telemetry_inject.languages import Languages

FOLDER = "_light"
ANCHORS = ("body-line", "before-close", "after-open", "before-open", "first-code", "after-prologue")
_NEEDED = ("name", "title", "extensions", "reserved", "helpers", "lexis", "function", "snippets")


@dataclass(frozen=True, eq=False)
class LightPack(RuntimePack):
    """One language as data. `digest` is the SHA-256 of what reaches the inserted text."""

    digest: str

    @property
    def title(self) -> str:
        """What people call the language."""
        return str(self.config["title"])

    @property
    def mark(self) -> str:
        """What the helper's import holds: a text that tells instrumented files from others."""
        return "_telemetry_inject"

    def snippet(self, name: str) -> tuple[str, str] | None:
        """The anchor and the text of a snippet (`enter`, `exit`, `import`); None when the language needs none."""
        found = self.config["snippets"].get(name)
        return None if found is None else (str(found["anchor"]), str(found["text"]))

    def pattern(self, name: str) -> re.Pattern[bytes] | None:
        """A pattern of the table `[function]`; None when it is not given."""
        text = self.config["function"].get(name)
        return None if text is None else compiled(str(text))

    @cached_property
    def reserved(self) -> re.Pattern[bytes]:
        """What tells files that hold our names."""
        return compiled(str(self.config["reserved"]))


@cache
def compiled(text: str) -> re.Pattern[bytes]:
    """A pattern over bytes."""
    return re.compile(text.encode())


def light_packs(packs: Path | None = None) -> dict[str, LightPack]:
    """All light packs by language; those below the user's own folder of packs win. Raises PackError."""
    found: dict[str, LightPack] = {}
    for root in (BUILT_IN, packs):
        if root is not None:
            for path in sorted((root / FOLDER).glob("*/pack.toml")):
                found[path.parent.name] = _load(path.parent)
    return found


def with_light(known: Languages, packs: Mapping[str, LightPack]) -> Languages:
    """The languages of the packs, and those of light packs where no pack claims a name."""
    extensions, filenames, interpreters = {}, {}, {}
    for name, pack in packs.items():
        extensions.update({"." + extension: name for extension in pack.config["extensions"]})
        filenames.update(dict.fromkeys(pack.config.get("filenames", ()), name))
        interpreters.update(dict.fromkeys(pack.config.get("interpreters", ()), name))
    return Languages(
        {**extensions, **known.extensions},
        {**filenames, **known.filenames},
        {**interpreters, **known.interpreters},
    )


@cache
def _load(folder: Path) -> LightPack:
    path = folder / "pack.toml"
    try:
        data = path.read_bytes()
        config = tomllib.loads(data.decode())
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: {error}") from None
    missing = [entry for entry in _NEEDED if entry not in config]
    if missing or config["name"] != folder.name:
        wrong = f"there is no entry {missing[0]!r}" if missing else "its name is not that of its folder"
        raise PackError(f"{path}: {wrong}")
    for name, snippet in config["snippets"].items():
        if isinstance(snippet, dict) and snippet.get("anchor") not in ANCHORS:
            raise PackError(f"{path}: snippet {name}: the anchor is not one of {', '.join(ANCHORS)}")
    for entry in ("header", "closer", "bare", "between", "guard", "guard_file", "guard_first"):
        try:
            compiled(str(config["function"].get(entry, "")))
        except re.error as error:
            raise PackError(f"{path}: function.{entry}: {error}") from None
    return LightPack(str(config["name"]), (folder,), config, hashlib.sha256(data).hexdigest())
