"""GoModules: which module a Go file belongs to, where the helper package goes in it, and its import path.

The helper is `internal/telemetryinject` in the topmost scanned folder of the module: every scanned file of the
module may import it there, nobody else may, and neither go.mod nor vendor/ has to know of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from telemetry_inject.projects.go_mod_file import GoMod, parse_go_mod, parse_go_work, vendored_packages
from telemetry_inject.projects.small_file import UnusableFileError, is_file, read_small

PACKAGE = "telemetryinject"
NO_MODULE = "no go.mod above it (run go mod init)"

_IMPORTABLE = re.compile(r"[A-Za-z0-9+._~-]*[A-Za-z0-9+_~-]", re.ASCII)  # one part of an import path


@dataclass(frozen=True, slots=True)
class GoPlace:
    """Where the helper of the files in one folder is, and what their module allows.

    `home` is relative to the root; `module_folder` too, with ".." when go.mod lies above the root. `go` is the
    language version of the module, (1, 16) when go.mod names none. `telemetry` are the OpenTelemetry modules it
    requires, with versions; `vendored` are the OpenTelemetry packages in vendor/, None when nothing is vendored.
    `workspace` is the folder of the go.work in force, relative to the root, or nothing; `in_workspace`, whether
    that uses this module (go build needs GOWORK=off where it does not).
    """

    module: str
    module_folder: str
    home: PurePosixPath
    import_path: str
    go: tuple[int, int]
    telemetry: Mapping[str, str]
    vendored: frozenset[str] | None
    workspace: str = ""
    in_workspace: bool = False

    def can_import(self, package: str) -> bool:
        """Whether an OpenTelemetry package can be imported with go.mod and vendor/ as they are."""
        if self.vendored is not None:
            return package in self.vendored
        return any(package == module or package.startswith(module + "/") for module in self.telemetry)


@dataclass(frozen=True, slots=True)
class _Module:
    folder: Path
    mod: GoMod | None  # None: unusable


class GoModules:
    """Answers for every folder of one tree; each go.mod and go.work is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._told: set[str] = set()
        self._modules: dict[Path, _Module | None] = {}
        self._workspaces: dict[Path, tuple[Path, frozenset[str]] | None] = {}
        self._vendored: dict[Path, frozenset[str] | None] = {}
        self._of_module: dict[Path, GoPlace | str] = {}
        self._places: dict[str, GoPlace | str] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong with the files read so far, sorted."""
        return tuple(sorted(self._told))

    def place(self, relative: PurePosixPath | str) -> GoPlace | None:
        """Where the helper of the file at `relative` (to the root) is; None when there is no place for it."""
        found = self._find(relative)
        return found if isinstance(found, GoPlace) else None

    def why_not(self, relative: PurePosixPath | str) -> str:
        """Why there is no place; nothing when there is one."""
        found = self._find(relative)
        return found if isinstance(found, str) else ""

    def _find(self, relative: PurePosixPath | str) -> GoPlace | str:
        folder = str(relative).rpartition("/")[0]
        found = self._places.get(folder)
        if found is None:
            found = self._places[folder] = self._place(self._root / folder)
        return found

    def _place(self, folder: Path) -> GoPlace | str:
        module = self._module(folder)
        if module is None:
            return NO_MODULE
        if "vendor" in folder.relative_to(module.folder).parts:
            return "vendored code of another module"
        if any(part == "testdata" or part[0] in "_." for part in folder.relative_to(self._root).parts):
            return "no package is in such a folder: what tests read"
        found = self._of_module.get(module.folder)
        if found is None:
            found = self._of_module[module.folder] = self._place_in(module)
        return found

    def _place_in(self, module: _Module) -> GoPlace | str:
        """The place that all scanned files of a module share."""
        if module.mod is None or not module.mod.module:
            return f"{self._named(module.folder / 'go.mod')} cannot be used"
        home = _home(module.folder if module.folder.is_relative_to(self._root) else self._root)
        parts = home.relative_to(module.folder).parts
        if not all(_IMPORTABLE.fullmatch(part) for part in parts):
            return "no import path can name this folder"
        prefix = () if module.mod.module == "std" else (module.mod.module,)  # the standard library has no prefix
        workspace = self._workspace(module.folder)
        uses = workspace is not None and module.folder.as_posix() in workspace[1]
        if workspace is not None and not uses:
            self._tell(workspace[0] / "go.work", f"does not use {self._named(module.folder)}: build with GOWORK=off")
        return GoPlace(
            module=module.mod.module,
            module_folder=self._named(module.folder),
            home=PurePosixPath(home.relative_to(self._root).as_posix()),
            import_path="/".join(prefix + parts),
            go=module.mod.go if module.mod.go != (0, 0) else (1, 16),
            telemetry=module.mod.telemetry,
            vendored=self._vendor(workspace[0] if workspace is not None and uses else module.folder),
            workspace=self._named(workspace[0]) if workspace is not None else "",
            in_workspace=uses,
        )

    def _module(self, folder: Path) -> _Module | None:
        """The module of the nearest go.mod at or above `folder`."""
        missing = []
        while folder not in self._modules:
            missing.append(folder)
            if folder.parent == folder:
                break
            folder = folder.parent
        module = self._modules.get(folder)
        for each in reversed(missing):
            if is_file(each / "go.mod"):
                text = self._read(each / "go.mod")
                module = _Module(each, None if text is None else parse_go_mod(text))
                if module.mod is not None and not module.mod.module:
                    self._tell(each / "go.mod", "names no module")
            self._modules[each] = module
        return module

    def _workspace(self, folder: Path) -> tuple[Path, frozenset[str]] | None:
        """The folder of the nearest go.work at or above a module, and the folders it uses."""
        home = next((each for each in (folder, *folder.parents) if is_file(each / "go.work")), None)
        if home is None:
            return None
        if home not in self._workspaces:
            text = self._read(home / "go.work")
            used = () if text is None else (os.path.normpath(home / each) for each in parse_go_work(text))
            self._workspaces[home] = None if text is None else (home, frozenset(Path(each).as_posix() for each in used))
        return self._workspaces[home]

    def _vendor(self, folder: Path) -> frozenset[str] | None:
        if folder not in self._vendored:
            listed = folder / "vendor" / "modules.txt"
            text = self._read(listed) if is_file(listed) else None
            self._vendored[folder] = None if text is None else vendored_packages(text)
        return self._vendored[folder]

    def _read(self, path: Path) -> str | None:
        try:
            data = read_small(path)
        except UnusableFileError as error:
            self._tell(path, str(error))
            return None
        return None if data is None else data.decode("utf-8-sig", "replace")

    def _named(self, path: Path) -> str:
        return PurePosixPath(os.path.relpath(path, self._root)).as_posix()

    def _tell(self, path: Path, words: str) -> None:
        self._told.add(f"{self._named(path)}: {words}")


def _home(top: Path) -> Path:
    """The helper's folder below `top`; not in `internal` where that is a file, or belongs to another module."""
    internal = top / "internal"
    foreign = any(is_file(path) for path in (internal, internal / "go.mod", internal / PACKAGE / "go.mod"))
    return top / PACKAGE if foreign else internal / PACKAGE
