"""The secret of this user that seals cache rows: 32 random bytes, kept outside of every source tree.

A cache directory can come with a cloned repository. Rows in it are believed only when they carry a seal made
with this key, and the repository's author doesn't have it. The key is kept in the user's data directory
(`TELEMETRY_INJECT_KEY_DIR` overrides; an absolute path). That variable must come from the real environment:
a `.env` file belongs to the repository, and so must never set it.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from telemetry_inject.scripts.owned_directory import OwnedDirectory, RefusedPlace, check_owner

KEY_BYTES = 32
KEY_NAME = "cache.key"
DIRECTORY_VARIABLE = "TELEMETRY_INJECT_KEY_DIR"


class KeyUnavailable(Exception):
    """No key can be kept here; the message is one line and says why."""


def key_directory() -> Path:
    """Where the key is kept. Raises KeyUnavailable when that is not an absolute path."""
    override = os.environ.get(DIRECTORY_VARIABLE, "")
    if override:
        directory = Path(override)
    elif sys.platform == "linux":
        # What platformdirs gives, without the 10 ms its import takes.
        base = os.environ.get("XDG_DATA_HOME", "").strip()
        directory = Path(base or Path("~/.local/share").expanduser(), "telemetry-inject")
    else:
        import platformdirs

        directory = Path(platformdirs.user_data_dir("telemetry-inject", appauthor=False))
    if not directory.is_absolute():
        raise KeyUnavailable(f"{str(directory)!a} is not an absolute path")
    return directory


def load_key() -> bytes:
    """The key of this user, made now if there is none. Raises KeyUnavailable."""
    try:
        directory = key_directory()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The directory may be behind links of the user's own making; the key itself may not.
        with OwnedDirectory.open(directory.resolve()) as place:
            key = _read(place)
            return key if key is not None else _make(place)
    except RefusedPlace as error:
        raise KeyUnavailable(str(error)) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: no home directory
        raise KeyUnavailable(str(error)) from error


def _read(place: OwnedDirectory) -> bytes | None:
    """The key; None when there is none or a damaged one. RefusedPlace when it is no secret of ours."""
    path = place.path / KEY_NAME
    state = place.stat(KEY_NAME)
    if state is None:
        return None
    if not stat.S_ISREG(state.st_mode):
        raise RefusedPlace(f"{path} is not a regular file")
    check_owner(path, state)
    if os.name == "posix" and stat.S_IMODE(state.st_mode) & 0o077:
        raise RefusedPlace(f"{path} can be read by others; delete it to have a new one made")
    data = place.read(KEY_NAME, KEY_BYTES)
    return data if data is not None and len(data) == KEY_BYTES else None


def _make(place: OwnedDirectory) -> bytes:
    """Make the key, or take the one that another process made first."""
    temporary = f"{KEY_NAME}.{os.urandom(8).hex()}"
    place.write_new(temporary, os.urandom(KEY_BYTES), 0o600)
    try:
        try:
            _link(place, temporary)
        except FileExistsError:
            if _read(place) is None:  # damaged: of another length
                place.rename(temporary, place, KEY_NAME)
    finally:
        place.unlink(temporary)
    key = _read(place)
    if key is None:
        raise KeyUnavailable(f"{place.path / KEY_NAME} can't be kept")
    return key


def _link(place: OwnedDirectory, temporary: str) -> None:
    """Give the complete file its name; FileExistsError when the name is taken."""
    try:
        if place.descriptor >= 0:
            os.link(temporary, KEY_NAME, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor)
        else:
            os.link(place.path / temporary, place.path / KEY_NAME)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: of several racing processes the last one wins; others' rows are missed.
        place.rename(temporary, place, KEY_NAME)
