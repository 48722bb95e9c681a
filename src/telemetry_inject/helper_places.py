"""Where in a tree the runtime helper goes, by the ways of each language's projects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import RuntimePack
from telemetry_inject.errors import PackError

_GENERICS = (1, 18)
_BRIDGED = tuple(f"go.opentelemetry.io/otel{part}" for part in ("", "/attribute", "/codes", "/propagation", "/trace"))
_WITH_HTTP = ("http.go", "http_headers.go")
_WITH_ASSEMBLY, _WITHOUT_ASSEMBLY = ("lane_g.go", "caller_fp.go"), ("lane_id.go", "caller_none.go")
_TRACING = ("go.opentelemetry.io/otel", "go.opentelemetry.io/otel/trace")
_SPELLED = re.compile(rb"_telemetry_inject(\.\w+)?[\"']")


class Place(NamedTuple):
    """The folder of a file's helper (relative to the root), and what the file's import says.

    `problem`: why the file can't be given a helper; then it is left as it is.
    """

    home: PurePosixPath
    placement: Placement
    problem: str = ""


class HelperPlaces(Protocol):
    """Knows the projects of one tree."""

    def place(self, relative: str) -> Place:
        """Where the helper of the file at `relative` goes."""

    def saw(self, relative: str, source: bytes) -> None:
        """A file of the tree was read anyway: what it says may be of use for the helper."""

    def imported(self, text: bytes) -> Iterable[str]:
        """The names of the helper's files that an inserted import asks for."""

    def files(self, home: PurePosixPath, names: Iterable[str]) -> dict[str, bytes]:
        """The contents of those files for one folder. Raises PackError."""


def places_for(root: Path, pack: RuntimePack, overlay: bool = False) -> HelperPlaces:
    """The ways of the pack's language in the tree at `root`. Raises PackError when they are not known.

    `overlay`: the helper's folder will not exist for the tools that build the tree.
    """
    projects = pack.config.get("projects", "packages")
    if projects == "packages":
        return PackagePlaces(root, pack)
    if projects == "npm":
        return NpmPlaces(root, pack)
    if projects == "go":
        return GoPlaces(root, pack, overlay)
    raise PackError(f"pack {pack.name}: projects = {projects!r} is not one of packages, npm, go")


class PackagePlaces:
    """Packages are folders with a marker file.

    The helper lies in the topmost package folder above a file (the folders up to the first one without the
    marker), or in the file's own folder when that is no package: there it is found by a relative import, by a
    plain one when the file runs as a script, and it travels with the package when that is installed.
    """

    def __init__(self, root: Path, pack: RuntimePack) -> None:
        self._root = root
        self._pack = pack
        self._is_package: dict[PurePosixPath, bool] = {}
        self._places: dict[PurePosixPath, Place] = {}

    def place(self, relative: str) -> Place:
        """See HelperPlaces."""
        folder = PurePosixPath(relative).parent
        found = self._places.get(folder)
        if found is None:
            ups, home = 0, folder
            while self._packaged(home) and home.parts and self._packaged(home.parent):
                home, ups = home.parent, ups + 1
            found = self._places[folder] = Place(home, Placement((("dots", "." * (ups + 1)),)))
        return found

    def _packaged(self, folder: PurePosixPath) -> bool:
        marker = self._pack.config.get("package_marker")
        known = self._is_package.get(folder)
        if known is None:
            known = self._is_package[folder] = bool(marker) and (self._root / folder / str(marker)).exists()
        return known

    def saw(self, relative: str, source: bytes) -> None:
        """Nothing in a file matters for the helper."""

    def imported(self, text: bytes) -> Iterable[str]:
        """All of the helper's files: there is one."""
        return self._pack.helpers

    def files(self, home: PurePosixPath, names: Iterable[str]) -> dict[str, bytes]:
        """See HelperPlaces."""
        return {name: self._pack.helper_source(name) for name in names}


class NpmPlaces:
    """What package.json and tsconfig.json say; see projects/npm_project.py."""

    def __init__(self, root: Path, pack: RuntimePack) -> None:
        from telemetry_inject.projects.npm_project import NpmProject

        self._pack = pack
        self._project = NpmProject(root)
        self._placements: dict[tuple[object, ...], Placement] = {}

    def place(self, relative: str) -> Place:
        """See HelperPlaces."""
        found = self._project.place(relative)
        extension = relative[relative.rfind(".") :]
        module_type = {"m": "module", "c": "commonjs"}.get(extension[1:2], found.module_type)
        key = (found, extension)
        placement = self._placements.get(key)
        if placement is None:
            values = {
                "path": found.path + "/",
                "module_type": module_type,
                "extension": extension,
                "ts_extension": found.ts_extension,
                "ts_global_scripts": _yes(found.ts_global_scripts),
                "ts_import_equals": _yes(found.ts_import_equals or (found.ts_verbatim and extension == ".cts")),
                "ts_es5": _yes(found.ts_es5),
                "react_compiler": _yes(found.react_compiler),
            }
            placement = self._placements[key] = Placement(tuple(values.items()))
        return Place(found.home, placement)

    def saw(self, relative: str, source: bytes) -> None:
        """Nothing in a file matters for the helper."""

    def imported(self, text: bytes) -> Iterable[str]:
        """The helper whose name the import spells, for TypeScript with the ending of the source behind it."""
        names = tuple(self._pack.helpers)
        found = _SPELLED.search(text)
        ending = (found[1] or b"").decode() if found else ""
        typed = {"": ".ts", ".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"}
        wanted = f"_telemetry_inject{ending}"
        if wanted not in names:
            wanted = f"_telemetry_inject{typed.get(ending, ending)}"
        return [wanted] if wanted in names else names

    def files(self, home: PurePosixPath, names: Iterable[str]) -> dict[str, bytes]:
        """See HelperPlaces."""
        return {name: self._pack.helper_source(name) for name in names}


class GoPlaces:
    """What go.mod and go.work say; see projects/go_module.py."""

    def __init__(self, root: Path, pack: RuntimePack, overlay: bool) -> None:
        from telemetry_inject.projects.go_module import GoModules, GoPlace

        self._overlay = overlay
        self._root = root
        self._pack = pack
        self._modules = GoModules(root)
        self._found: dict[PurePosixPath, GoPlace] = {}
        self._files: dict[PurePosixPath, set[str]] = {}
        self._imports: dict[str, tuple[str, ...]] = {}

    def place(self, relative: str) -> Place:
        """See HelperPlaces."""
        found = self._modules.place(relative)
        if found is None:
            return Place(PurePosixPath(), Placement(), self._modules.why_not(relative))
        if found.go < _GENERICS:
            return Place(PurePosixPath(), Placement(), "its go.mod asks for a Go before 1.18: the helper has generics")
        self._found[found.home] = found
        self._files.setdefault(found.home, set()).add(relative)
        return Place(found.home, Placement((("path", found.import_path.removesuffix(found.home.name)),)))

    def saw(self, relative: str, source: bytes) -> None:
        """Keep what the file imports, as far as it matters."""
        from telemetry_inject.projects.go_source import imports

        telling = any(path in source for path in (b"net/http", b"go.opentelemetry.io/otel"))
        self._imports[relative] = imports(source) if telling else ()

    def imported(self, text: bytes) -> Iterable[str]:
        """All of the helper's files: they are one package."""
        return self._pack.helpers

    def files(self, home: PurePosixPath, names: Iterable[str]) -> dict[str, bytes]:
        """Without the bridge where the module does not trace by itself (go.sum may lack what it needs), and without
        HTTP by default where nobody uses it: importing net/http changes how a program is linked."""
        found = {name: self._pack.helper_source(name) for name in names}
        imported = self._imported_by(home)
        if not (imported.issuperset(_TRACING) and all(map(self._found[home].can_import, _BRIDGED))):
            found.pop("otel_bridge.go", None)
        if "net/http" not in imported:
            for name in filter(found.__contains__, _WITH_HTTP):
                found[name] = b"//go:build telemetry_http\n\n" + found[name]
        if self._overlay:  # the assembler starts in the package's folder, which is not there
            found = {name: data for name, data in found.items() if not name.endswith((".s", *_WITH_ASSEMBLY))}
            for name in _WITHOUT_ASSEMBLY:
                found[name] = found[name].split(b"\n", 1)[1]
        return found

    def _imported_by(self, home: PurePosixPath) -> set[str]:
        """What the files that share a helper import themselves, tests apart."""
        files = [name for name in self._files[home] if not name.endswith("_test.go")]
        for name in files:
            if name not in self._imports:
                self.saw(name, (self._root / name).read_bytes())
        return {path for name in files for path in self._imports[name]}


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
