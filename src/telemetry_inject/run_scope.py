"""What the settings of a run mean for packs, the engine and the cache's keys."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from telemetry_inject import __version__
from telemetry_inject.config import Settings
from telemetry_inject.engine.digest import engine_digest
from telemetry_inject.engine.options import Options
from telemetry_inject.engine.packs import grammar_version, load_pack, pack_config, pack_names
from telemetry_inject.languages import Languages
from telemetry_inject.scripts.cache_keys import KeyScope, canonical_options


def languages(packs: Path | None) -> Languages:
    """The file names that each pack claims."""
    extensions: dict[str, str] = {}
    filenames: dict[str, str] = {}
    interpreters: dict[str, str] = {}
    for name, folder in pack_folders(packs).items():
        config = pack_config(name, folder)
        extensions.update({"." + extension: name for extension in config["extensions"]})
        filenames.update(dict.fromkeys(config.get("filenames", ()), name))
        interpreters.update(dict.fromkeys(config.get("interpreters", ()), name))
    return Languages(extensions, filenames, interpreters)


def pack_folders(packs: Path | None) -> dict[str, Path | None]:
    """Every pack and the folder it comes from; the user's own go before the built-in ones."""
    folders: dict[str, Path | None] = dict.fromkeys(pack_names())
    if packs is not None:
        folders.update(dict.fromkeys(pack_names(packs), packs))
    return folders


def engine_options(settings: Settings) -> Options:
    """The options that reach the text."""
    return Options(settings.level, settings.all_functions, settings.validate, settings.overlay is not None)


def key_scopes(settings: Settings, names: Iterable[str]) -> dict[str, KeyScope]:
    """What keys of each language have in common, by language; for those of `names` that have a pack."""
    options = canonical_options(
        {
            "level": settings.level.value,
            "everything": settings.all_functions,
            "validate": settings.validate,
            "same_line": settings.overlay is not None,
            # The verdict on an output is this interpreter's.
            "checker": f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}",
        }
    )
    scopes = {}
    folders = pack_folders(settings.packs)
    for name in folders.keys() & names:
        pack = load_pack(name, folders[name])
        scopes[name] = KeyScope(f"{__version__} {engine_digest()}", pack.digest, grammar_version(pack), options)
    return scopes
