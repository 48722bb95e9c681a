"""Language packs: folders of data, loaded, checked for form, and given a digest.

A pack holds `pack.toml`, `functions.scm`, `flow.scm`, `full.scm`, `snippets.toml`, the runtime helper and
before/after cases. A small `hooks.py` may hold what data cannot say (see `Hooks`).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from telemetry_inject.errors import PackError

if TYPE_CHECKING:
    from tree_sitter import Language, Parser, Query

BUILT_IN = Path(__file__).resolve().parent.parent / "packs"
_DIGESTED = ("pack.toml", "functions.scm", "flow.scm", "full.scm", "snippets.toml", "hooks.py")


@dataclass(frozen=True, eq=False)
class Pack:
    """One language as data. `digest` is the SHA-256 of everything that reaches the generated text."""

    name: str
    folder: Path
    config: Mapping[str, Any]
    snippets: Mapping[str, Any]
    digest: str

    @property
    def alias(self) -> str:
        """The reserved name under which instrumented code calls the helper."""
        return str(self.config["alias"])

    @property
    def helper(self) -> str:
        """The file name of the runtime helper."""
        return str(self.config["helper"])

    def helper_source(self) -> bytes:
        """The helper's bytes, as they are copied into an instrumented tree. Raises PackError."""
        try:
            return (self.folder / "runtime" / self.helper).read_bytes()
        except OSError as error:
            raise PackError(f"pack {self.name}: the runtime helper cannot be read: {error}") from None


@dataclass(frozen=True)
class Grammar:
    """What needs tree-sitter: made only when a file missed the cache."""

    language: Language
    parser: Parser
    functions: Query
    flow: Query
    full: Query


@cache
def load_pack(name: str, folder: Path | None = None) -> Pack:
    """The pack called `name` from `folder` (default: the built-in ones). Raises PackError."""
    home = (folder or BUILT_IN) / name
    digest = hashlib.sha256()
    for part in _DIGESTED:
        try:
            data = (home / part).read_bytes()
        except FileNotFoundError:
            if part != "hooks.py":
                raise PackError(f"pack {name}: {home / part} is missing") from None
            data = b""
        digest.update(b"%d:" % len(data) + data)
    config, snippets = _toml(home / "pack.toml"), _toml(home / "snippets.toml")
    for entry in ("name", "grammar", "extensions", "layout", "alias", "helper", "nodes"):
        if entry not in config:
            raise PackError(f"pack {name}: {home / 'pack.toml'} has no entry {entry!r}")
    return Pack(name, home, config, snippets, digest.hexdigest())


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
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
        try:
            return Query(language, (pack.folder / part).read_text("utf-8"))
        except QueryError as error:
            raise PackError(f"pack {pack.name}: {pack.folder / part}: {error}") from None

    return Grammar(language, Parser(language), query("functions.scm"), query("flow.scm"), query("full.scm"))


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
    path = pack.folder / "hooks.py"
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


@cache
def guard_names(pack: Pack, level: str) -> tuple[bytes, ...]:
    """The identifiers that keep a function from being instrumented at `level`."""
    guard: Mapping[str, list[str]] = pack.config.get("guard", {})
    names = [*guard.get("function", [])]
    if level != "function":
        names += guard.get("flow", [])
    return tuple(sorted(name.encode() for name in names))
