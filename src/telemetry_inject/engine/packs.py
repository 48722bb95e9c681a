"""Language packs: folders of data, loaded, checked for form, and given a digest.

A pack holds `pack.toml`, `functions.scm`, `flow.scm`, `full.scm`, `snippets.toml`, the runtime helper and
before/after cases. A small `hooks.py` may hold what data cannot say. A pack that `extends` another adds to its
data: tables are merged, queries appended, and what it lacks (hooks, helper) is the other's.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from telemetry_inject.errors import PackError

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, Query

BUILT_IN = Path(__file__).resolve().parent.parent / "packs"
_QUERIES = ("functions.scm", "flow.scm", "full.scm", "context.scm")
_DIGESTED = ("pack.toml", "snippets.toml", "hooks.py", *_QUERIES)
_OPTIONAL = ("hooks.py", "context.scm")


@dataclass(frozen=True, eq=False)
class RuntimePack:
    """A language as data, as far as its runtime helper goes.

    `folders` are the pack's own folder and, after it, the one of the pack that it extends.
    """

    name: str
    folders: tuple[Path, ...]
    config: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """The pack's own folder."""
        return self.folders[0]

    @property
    def mark(self) -> str:
        """What the helper's import holds whatever its form: a text that tells instrumented files from others."""
        return str(self.config["mark"])

    @property
    def helpers(self) -> Mapping[str, Sequence[str]]:
        """The helper's files as they are named in an instrumented tree -> the parts of `runtime/` they are made of."""
        helpers: Mapping[str, Sequence[str]] = self.config["helpers"]
        return helpers

    def helper_source(self, name: str) -> bytes:
        """The bytes of one of the helper's files, as it is copied into an instrumented tree. Raises PackError."""
        try:
            return b"".join(self.find(f"runtime/{part}").read_bytes() for part in self.helpers[name])
        except OSError as error:
            raise PackError(f"pack {self.name}: the runtime helper cannot be read: {error}") from None

    def import_among(self, texts: Iterable[bytes]) -> bytes:
        """The one of the inserted texts that imports the helper; nothing when none does."""
        mark = self.mark.encode()
        return next((text for text in texts if mark in text), b"")

    def check_helpers(self) -> None:
        """Raise PackError when a part of the helper is missing: files that import it must not be written."""
        for parts in self.helpers.values():
            for part in parts:
                if not self.find(f"runtime/{part}").is_file():
                    raise PackError(f"pack {self.name}: the runtime helper lacks {part}")

    def find(self, part: str) -> Path:
        """Where a part of the pack is: in its own folder, else in that of the pack it extends."""
        for folder in self.folders:
            if (folder / part).exists():
                return folder / part
        return self.folder / part


@dataclass(frozen=True, eq=False)
class Pack(RuntimePack):
    """One language as data. `digest` is the SHA-256 of everything that reaches the generated text."""

    snippets: Mapping[str, Any]
    digest: str

    @property
    def alias(self) -> str:
        """The reserved name under which instrumented code calls the helper."""
        return str(self.config["alias"])


@dataclass(frozen=True)
class Grammar:
    """What needs tree-sitter: made only when a file missed the cache. `context` serves every level."""

    language: Language
    parser: Parser
    functions: Query
    flow: Query
    full: Query
    context: Query | None


@cache
def load_pack(name: str, folder: Path | None = None) -> Pack:
    """The pack called `name` from `folder` (default: the built-in ones). Raises PackError."""
    folders, config = _folders_and_config(name, folder)
    own = folders[0] / "snippets.toml"
    snippets = {} if "extends" in config and not own.exists() else _toml(own)
    for base in folders[1:]:
        snippets = _merged(_toml(base / "snippets.toml"), snippets)
    return Pack(name, folders, config, snippets, _digest(name, folders))


def pack_config(name: str, folder: Path | None = None) -> Mapping[str, Any]:
    """What `pack.toml` and that of the pack it extends say: enough to know the pack's files. Raises PackError."""
    return _folders_and_config(name, folder)[1]


@cache
def _folders_and_config(name: str, folder: Path | None) -> tuple[tuple[Path, ...], dict[str, Any]]:
    home = (folder or BUILT_IN) / name
    config = _toml(home / "pack.toml")
    folders = [home]
    if "extends" in config:
        base = (folder or BUILT_IN) / str(config["extends"])
        folders.append(base if base.exists() else BUILT_IN / str(config["extends"]))
        config = _merged(_toml(folders[1] / "pack.toml"), config)
    for entry in ("name", "grammar", "extensions", "layout", "alias", "mark", "helpers", "nodes"):
        if entry not in config:
            raise PackError(f"pack {name}: {home / 'pack.toml'} has no entry {entry!r}")
    return tuple(folders), config


def _digest(name: str, folders: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for part in _DIGESTED:
            try:
                data = (folder / part).read_bytes()
            except FileNotFoundError:
                if part not in _OPTIONAL and folder is folders[-1]:
                    raise PackError(f"pack {name}: {folder / part} is missing") from None
                data = b""
            digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        inherited = merged.get(key)
        if isinstance(inherited, dict) and isinstance(value, dict):
            merged[key] = _merged(inherited, value)
        else:
            merged[key] = value
    return merged


@cache
def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise PackError(f"pack {path.parent.name}: {path} is missing") from None
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: {error}") from None


def pack_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the packs in `folder` (default: the built-in ones), sorted; `_private` bases left out."""
    home = folder or BUILT_IN
    return tuple(
        sorted(
            entry.parent.name for entry in home.glob("*/pack.toml") if not entry.parent.name.startswith("_")
        )
    )


@cache
def grammar_of(pack: Pack) -> Grammar:
    """The pack's grammar and compiled queries. Raises PackError when one does not load or compile."""
    from tree_sitter import Language, Parser, Query, QueryError

    module_name, _, function = str(pack.config["grammar"]).partition(":")
    try:
        module = importlib.import_module(module_name)
        language = Language(getattr(module, function or "language")())
    except (ImportError, AttributeError) as error:
        raise _no_grammar(pack, module_name, str(error)) from None

    def query(part: str) -> Query:
        parts = [folder / part for folder in reversed(pack.folders) if (folder / part).exists()]
        try:
            return Query(language, "\n".join(path.read_text("utf-8") for path in parts))
        except QueryError as error:
            raise PackError(f"pack {pack.name}: {parts[-1]}: {error}") from None

    context = query("context.scm") if pack.find("context.scm").exists() else None
    return Grammar(
        language, Parser(language), query("functions.scm"), query("flow.scm"), query("full.scm"), context
    )  # fmt: skip


@cache
def grammar_version(pack: Pack) -> str:
    """Name and version of the pack's grammar, without loading it. Raises PackError when not installed.

    Read from the name of its installation record: importlib.metadata would cost a cached run 20 ms.
    """
    module_name = str(pack.config["grammar"]).partition(":")[0]
    spec = importlib.util.find_spec(module_name)
    if spec is None or spec.origin is None:
        raise _no_grammar(pack, module_name, "not installed")
    for record in Path(spec.origin).parent.parent.glob(f"{module_name}-*.dist-info"):
        return record.name.removesuffix(".dist-info")
    from importlib.metadata import version

    return f"{module_name}-{version(module_name.replace('_', '-'))}"


def _no_grammar(pack: Pack, module_name: str, why: str) -> PackError:
    return PackError(
        f"pack {pack.name}: its grammar {module_name} does not load: {why}",
        f"pip install {module_name.replace('_', '-')}",
    )


@cache
def hooks_of(pack: Pack) -> ModuleType | None:
    """The pack's `hooks.py`, if it has one."""
    path = pack.find("hooks.py")
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(f"telemetry_inject_pack_{pack.name}", path)
    if spec is None or spec.loader is None:
        raise PackError(f"pack {pack.name}: {path} does not load")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parseable(pack: Pack, source: bytes) -> bytes | None:
    """`source` as UTF-8 of the same length for the pack's grammar; None where the pack cannot give that."""
    hooks = hooks_of(pack)
    if hooks is None or not hasattr(hooks, "parseable"):
        return source
    text: bytes | None = hooks.parseable(source)
    return text
