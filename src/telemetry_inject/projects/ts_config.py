"""tsconfig.json: the options in force for a folder, through `extends` and `references`.

Only what decides where the helper goes and how it is imported is kept. Paths are absolute, with forward slashes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from telemetry_inject.projects.glob_match import matches
from telemetry_inject.projects.small_file import UnusableFileError, is_file, json_object, read_small

MOST_EXTENDED = 64  # configurations that one may extend, directly or not
MOST_PATTERNS = 2000  # entries read of one list; and the longest that can name a file:
_LONGEST = 4096
_LEAF = "${configDir}"  # the folder of the configuration that is asked for, in any that it extends
_PATHS = ("rootDir", "outDir", "outFile", "declarationDir")
_NEVER_INCLUDED = ("node_modules", "bower_components", "jspm_packages")
_NODE = ("node16", "node18", "node20", "nodenext")


@dataclass(frozen=True, slots=True)
class TsConfig:
    """One configuration with all that it extends; `files`, `include` and `exclude` are None where not given."""

    path: str
    options: Mapping[str, Any]
    files: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    references: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return posixpath.dirname(self.path)

    def flag(self, name: str) -> bool:
        """Whether an option is on."""
        return self.options.get(name) is True

    def word(self, name: str) -> str:
        """An option's value in small letters, as the compiler compares it; nothing when it is not given."""
        value = self.options.get(name)
        return value.lower() if isinstance(value, str) else ""

    def place(self, name: str) -> str:
        """An option's path, or nothing."""
        value = self.options.get(name)
        return value if isinstance(value, str) else ""

    @property
    def resolution(self) -> str:
        """How imports are resolved: "node16" for all of node's own kinds, "bundler", or "classic" for the rest."""
        module = self.word("module")
        kind = self.word("moduleResolution") or ("bundler" if module == "preserve" else module)
        return "node16" if kind in _NODE else kind if kind == "bundler" else "classic"

    def covers(self, path: str) -> bool:
        """Whether a source file of this path would be part of the program without being imported."""
        if path in (self.files or ()):
            return True
        include = self.include
        if include is None:
            include = () if self.files is not None else (posixpath.join(self.folder, "**/*"),)
        if not any(matches(pattern, path) for pattern in include):
            return False
        exclude = self.exclude
        if exclude is None:
            exclude = tuple(posixpath.join(self.folder, name) for name in _NEVER_INCLUDED)
        return not any(matches(pattern, path, below=True) for pattern in exclude)

    def concerns(self, folder: str) -> bool:
        """Whether sources directly in this folder are part of the program."""
        for name in (*(self.files or ()), *(self.include or ())):
            parent, _, last = name.rpartition("/")
            if parent == folder and "." in last:  # without a dot, it is a folder of its own
                return True
        return any(self.covers(f"{folder}/x{suffix}") for suffix in (".ts", ".tsx", ".mts", ".cts"))


class TsConfigs:
    """Loads configurations of one tree, each file once. `top` is the folder that `extends` may not lead out of;
    `tell` takes what is wrong: the file and the words."""

    def __init__(self, top: Path, tell: Callable[[Path, str], None]) -> None:
        self._top = top
        self._tell = tell
        self._parsed: dict[str, dict[str, Any] | None] = {}
        self._loaded: dict[str, TsConfig | None] = {}

    def at(self, path: Path, folder: Path) -> TsConfig | None:
        """The configuration in force for sources in `folder`: the one at `path`, or the first that it refers to
        and that takes in the folder, when it does not do so itself. None when it cannot be used."""
        config = self._load(path)
        if config is None or config.concerns(folder.as_posix()):
            return config
        referred = []
        for reference in config.references[:MOST_EXTENDED]:
            target = Path(reference)
            for place in (target, target / "tsconfig.json"):
                if self._inside(place) and is_file(place) and (other := self._load(place)) is not None:
                    referred.append(other)
                    break
        for other in referred:
            if other.concerns(folder.as_posix()):
                return other
        if config.files == () and not config.include:  # nothing of its own: it only lists others
            return next((other for other in referred if other.folder == config.folder), config)
        return config

    def _load(self, path: Path) -> TsConfig | None:
        key = path.as_posix()
        if key not in self._loaded:
            found = self._merge(path, [], [MOST_EXTENDED])
            self._loaded[key] = found and _for_leaf(found)
        return self._loaded[key]

    def _merge(self, path: Path, chain: list[Path], left: list[int]) -> TsConfig | None:
        """A configuration over those it extends; `left` counts down over the whole of one load."""
        raw = self._parse(path)
        if raw is None:
            return None
        merged = TsConfig(path.as_posix(), {})
        extends = raw.get("extends")
        for name in extends[:MOST_EXTENDED] if isinstance(extends, list) else [extends]:
            if not isinstance(name, str):
                continue
            target = self._target(path, name)
            if target is None:
                self._tell(path, f"extends {_quoted(name)}, which is not there or outside of the project")
            elif target in (path, *chain):
                self._tell(path, f"extends {_quoted(name)}, which extends it")
            elif left[0] <= 0:
                self._tell((*chain, path)[0], f"extends more than {MOST_EXTENDED} others")
                return None
            else:
                left[0] -= 1
                base = self._merge(target, [*chain, path], left)
                merged = _over(merged, base) if base is not None else merged
        return _over(merged, _own(path, raw))

    def _parse(self, path: Path) -> dict[str, Any] | None:
        key = path.as_posix()
        if key not in self._parsed:
            try:
                data = read_small(path)
                self._parsed[key] = None if data is None else json_object(data, comments=True)
            except UnusableFileError as error:
                self._tell(path, str(error))
                self._parsed[key] = None
        return self._parsed[key]

    def _target(self, path: Path, name: str) -> Path | None:
        """The file that `extends` names: a path, or something in a package."""
        if name.startswith(("./", "../", "/")) or name in (".", ".."):
            base = posixpath.normpath(posixpath.join(path.parent.as_posix(), name))
            places: Iterator[Path] = iter([Path(base), Path(base + ".json")])
        else:
            places = self._in_packages(path, name)
        return next((place for place in places if is_file(place) and self._inside(place)), None)

    def _in_packages(self, path: Path, name: str) -> Iterator[Path]:
        for folder in path.parents:
            base = folder / "node_modules" / name
            yield from (base, Path(f"{base}.json"))
            manifest = base / "package.json"
            if is_file(manifest) and self._inside(manifest):
                entry = (self._parse(manifest) or {}).get("tsconfig")
                if isinstance(entry, str):
                    yield base / entry
            yield base / "tsconfig.json"
            if folder == self._top:
                return

    def _inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self._top)
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
            return False


def _own(path: Path, raw: Mapping[str, Any]) -> TsConfig:
    folder = path.parent.as_posix()
    options = raw.get("compilerOptions")
    options = dict(options) if isinstance(options, dict) else {}
    for name in _PATHS:
        if isinstance(options.get(name), str):
            options[name] = _absolute(folder, options[name])
    references = raw.get("references")
    return TsConfig(
        path.as_posix(),
        options,
        _list(raw, "files", folder),
        _list(raw, "include", folder),
        _list(raw, "exclude", folder),
        tuple(
            _absolute(folder, item["path"])
            for item in (references if isinstance(references, list) else ())
            if isinstance(item, dict) and isinstance(item.get("path"), str)
        ),
    )


def _over(base: TsConfig, own: TsConfig) -> TsConfig:
    """`own` where it says something, else `base`; references are never taken over."""
    return TsConfig(
        own.path,
        {**base.options, **own.options},
        base.files if own.files is None else own.files,
        base.include if own.include is None else own.include,
        base.exclude if own.exclude is None else own.exclude,
        own.references,
    )


def _list(raw: Mapping[str, Any], name: str, folder: str) -> tuple[str, ...] | None:
    value = raw.get(name)
    if not isinstance(value, list):
        return None
    texts = [item for item in value[:MOST_PATTERNS] if isinstance(item, str) and len(item) < _LONGEST]
    return tuple(_absolute(folder, text) for text in texts)


def _absolute(folder: str, text: str) -> str:
    return text if text.startswith(_LEAF) else posixpath.normpath(posixpath.join(folder, text))


def _for_leaf(config: TsConfig) -> TsConfig:
    """The same with the leaf's folder put in."""

    def put(text: str) -> str:
        if not text.startswith(_LEAF):
            return text
        return posixpath.normpath(posixpath.join(config.folder, text.removeprefix(_LEAF).lstrip("/")))

    def put_all(texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if texts is None else tuple(map(put, texts))

    options = {name: put(value) if isinstance(value, str) else value for name, value in config.options.items()}
    return replace(
        config,
        options=options,
        files=put_all(config.files),
        include=put_all(config.include),
        exclude=put_all(config.exclude),
    )


def _quoted(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:79] + "...")
