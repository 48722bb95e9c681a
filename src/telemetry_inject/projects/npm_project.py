"""NpmProject: where the helper of a JavaScript or TypeScript file goes, and how the file imports it.

The helper lies in the topmost folder below the nearest package.json, tsconfig.json or deno.json: high enough that
few copies are needed, low enough that it is compiled, packed and served with the files that import it. When none
of these is found, the scanned folder itself counts as a project; when the project's folder lies above the scanned
one, the helper lies in the scanned folder. Settings hold from above the scanned folder too, as for node and tsc.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from telemetry_inject.projects.small_file import UnusableFileError, decode, is_file, json_object, read_small
from telemetry_inject.projects.ts_config import TsConfig, TsConfigs

HELPER = "_telemetry_inject.ts"
_COMPILERS = frozenset(("babel-plugin-react-compiler", "oxc-transform-react"))
_NEXT = [f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts")]
_NEXT_FLAG = re.compile(r"""["']?\breactCompiler\b["']?\s*:\s*(?!false\b|undefined\b|null\b)\S""")
_COMMENT = re.compile(r"(?m)(?:^|\s)//.*$|/\*(?s:.*?)(?:\*/|\Z)")
_NODE_RUNS_TS = re.compile(r"\bnode\b[^&|;]{0,300}\.[mc]?ts\b")
_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")


@dataclass(frozen=True, slots=True)
class NpmPlace:
    """Where the helper of the files in one folder is, and how they import it.

    `home` is its folder, relative to the root; `path` leads there from the file: "." or "../..".
    `module_type` holds for .js, .ts, .jsx and .tsx ("module" or "commonjs"); other suffixes say it themselves.
    `ts_extension` is the ending for a TypeScript file without imports of its own to go by: "", ".js" or ".ts".
    `ts_global_scripts`: files without imports may be scripts that share one scope, which an import would end.
    `ts_import_equals`: a .ts file may only say `import x = require(...)`; `ts_verbatim`: so does any .cts file.
    `ts_es5`: what is compiled may have no functions declared in blocks (TS1252).
    """

    home: PurePosixPath
    path: str
    module_type: str
    ts_extension: str
    ts_global_scripts: bool
    ts_import_equals: bool
    ts_verbatim: bool
    ts_es5: bool
    react_compiler: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """What holds in one folder: the nearest of each kind of file at or above it."""

    project: Path | None = None
    module_type: str = "commonjs"
    runs_ts: bool = False
    tsconfig: Path | None = None
    deno: bool = False
    react: bool = False


class NpmProject:
    """Answers for every folder of one tree; each configuration file is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._told: set[str] = set()
        self._scopes: dict[Path, _Scope] = {}
        self._places: dict[str, NpmPlace] = {}
        self._configs = TsConfigs(_top(self._root), self._tell)

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong with the configuration files read so far, sorted."""
        return tuple(sorted(self._told))

    def place(self, relative: PurePosixPath | str) -> NpmPlace:
        """Where the helper of the file at `relative` (to the root) is."""
        folder = str(relative).rpartition("/")[0]
        found = self._places.get(folder)
        if found is None:
            found = self._places[folder] = self._place(folder)
        return found

    def _place(self, relative: str) -> NpmPlace:
        folder = self._root / relative
        scope = self._scope(folder)
        config = self._configs.at(scope.tsconfig, folder) if scope.tsconfig is not None else None
        home = self._home(folder, scope, config)
        ups = len(folder.parts) - len(home.parts)
        verbatim = config is not None and config.flag("verbatimModuleSyntax")
        return NpmPlace(
            home=PurePosixPath(home.relative_to(self._root).as_posix()),
            path="/".join([".."] * ups) or ".",
            module_type=scope.module_type,
            ts_extension=_extension(config, scope),
            ts_global_scripts=config is not None and bool(config.word("outFile") or config.word("module") == "none"),
            ts_import_equals=verbatim and config is not None and _to_commonjs(config, scope),
            ts_verbatim=verbatim,
            ts_es5=config is not None and config.word("target") in ("", "es3", "es5"),
            react_compiler=scope.react,
        )

    # Where it goes

    def _home(self, folder: Path, scope: _Scope, config: TsConfig | None) -> Path:
        project = scope.project or self._root
        first = len(project.parts) + 1 if project.is_relative_to(self._root) else len(self._root.parts)
        root_dir = Path(config.place("rootDir")) if config is not None and config.place("rootDir") else None
        if root_dir is not None and folder.is_relative_to(root_dir):
            first = max(first, len(root_dir.parts))
        homes = [Path(*folder.parts[:depth]) for depth in range(min(first, len(folder.parts)), len(folder.parts) + 1)]
        if config is None:
            return homes[0]
        covered = [home for home in homes if config.covers((home / HELPER).as_posix())]
        if covered:
            homes = covered
        elif config.flag("composite") and config.concerns(folder.as_posix()):
            self._tell(Path(config.path), f'composite, and takes in no helper: add "{HELPER}" to its files')
        keeps_layout = config.place("outDir") or config.place("declarationDir")
        if keeps_layout and root_dir is None and not config.flag("composite"):
            return next((home for home in homes if not _only_leads_on(home, config.flag("allowJs"))), folder)
        return homes[0]

    # What holds in a folder

    def _scope(self, folder: Path) -> _Scope:
        missing = []
        while folder not in self._scopes:
            missing.append(folder)
            if folder.parent == folder:
                break
            folder = folder.parent
        scope = self._scopes.get(folder, _Scope())
        for each in reversed(missing):
            scope = self._scopes[each] = self._step(each, scope)
        return scope

    def _step(self, folder: Path, above: _Scope) -> _Scope:
        """What holds in `folder`, by its own files and what holds above it."""
        if folder.name == "node_modules":
            return _Scope()  # node looks no further
        scope = above
        package = self._package(folder / "package.json")
        if package is not None:
            scripts = package.get("scripts")
            scope = replace(
                scope,
                project=folder,
                module_type="module" if package.get("type") == "module" else "commonjs",
                runs_ts=isinstance(scripts, dict)
                and any(isinstance(text, str) and _NODE_RUNS_TS.search(text) for text in scripts.values()),
                react=scope.react or self._compiles_react(folder, package),
            )
        config = folder / "tsconfig.json"
        if is_file(config):
            scope = replace(scope, project=folder, tsconfig=config, deno=False)
        if is_file(folder / "deno.json") or is_file(folder / "deno.jsonc"):
            own = scope.tsconfig if scope.tsconfig == config else None
            scope = replace(scope, project=folder, tsconfig=own, deno=True)
        return scope

    def _package(self, path: Path) -> dict[str, Any] | None:
        """A package.json; {} for one that node would stop at."""
        try:
            data = read_small(path)
            return None if data is None else json_object(data)
        except UnusableFileError as error:
            self._tell(path, str(error))
            return None if error.missing else {}

    def _compiles_react(self, folder: Path, package: Mapping[str, Any]) -> bool:
        """Whether the React Compiler is on: its plugin is installed, or a framework's own flag is set."""
        names: set[str] = set()
        for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
            if isinstance(entries := package.get(kind), dict):
                names.update(entries)
        if not _COMPILERS.isdisjoint(names):
            return True
        if "expo" in names and _expo_flag(self._package(folder / "app.json")):
            return True
        return "next" in names and any(self._next_flag(folder / name) for name in _NEXT)

    def _next_flag(self, path: Path) -> bool:
        try:
            data = read_small(path)
        except UnusableFileError as error:
            self._tell(path, str(error))
            return False
        return data is not None and _NEXT_FLAG.search(_COMMENT.sub("", decode(data))) is not None

    def _tell(self, path: Path, words: str) -> None:
        self._told.add(f"{PurePosixPath(os.path.relpath(path, self._root))}: {words}")


def _top(root: Path) -> Path:
    """The folder that a project's files may name others in: its repository, else its outermost package."""
    folders = (root, *root.parents)
    repository = next((folder for folder in folders if os.path.lexists(folder / ".git")), None)
    packages: Iterator[Path] = (folder for folder in reversed(folders) if is_file(folder / "package.json"))
    return repository or next(packages, root)


def _only_leads_on(folder: Path, scripts_too: bool) -> bool:
    """Whether a folder holds no sources but one more folder: tsc takes the deepest folder that all sources share
    as the root of what it writes, so a helper above it would move everything in the output."""
    suffixes = (*_TYPESCRIPT, ".js", ".jsx", ".mjs", ".cjs") if scripts_too else _TYPESCRIPT
    folders = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders += not entry.name.startswith(".") and entry.name != "node_modules"
                elif entry.name.endswith(suffixes) and ".d." not in entry.name:
                    return False
    except OSError:
        return False  # then there is nothing known that it would move
    return folders == 1


def _expo_flag(app: Mapping[str, Any] | None) -> bool:
    expo = (app or {}).get("expo", app)
    experiments = expo.get("experiments") if isinstance(expo, dict) else None
    return isinstance(experiments, dict) and experiments.get("reactCompiler") is True


def _extension(config: TsConfig | None, scope: _Scope) -> str:
    """How an import has to end for the compiler, and where that leaves a choice, for what runs the output."""
    if config is None:
        return ".ts" if scope.deno or scope.runs_ts else ""
    if config.flag("rewriteRelativeImportExtensions"):
        return ".ts"
    node = config.resolution == "node16"
    if config.flag("allowImportingTsExtensions") and (node or scope.deno or config.flag("erasableSyntaxOnly")):
        return ".ts"
    if scope.module_type != "module":
        return ""
    plain_esm = config.word("module").startswith("es") and config.resolution == "classic"
    return ".js" if node or (plain_esm and not config.flag("noEmit")) else ""


def _to_commonjs(config: TsConfig, scope: _Scope) -> bool:
    """Whether .ts files become CommonJS."""
    module = config.word("module")
    return module == "commonjs" or (module.startswith("node") and scope.module_type == "commonjs")
