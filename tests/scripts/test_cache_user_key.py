import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry_inject.scripts.user_key import KeyUnavailable, key_directory, load_key

from .cache_process import give_away


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "keys"))
    return tmp_path / "keys"


def test_the_key_is_made_once_and_kept_for_this_user_only(directory: Path) -> None:
    key = load_key()
    assert len(key) == 32 and load_key() == key
    assert (directory / "cache.key").stat().st_mode & 0o777 == 0o600
    assert os.listdir(directory) == ["cache.key"]


def test_without_the_variable_it_is_in_the_user_s_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("TELEMETRY_INJECT_KEY_DIR", raising=False)
    for data_home in ("/data/here", ""):
        monkeypatch.setenv("XDG_DATA_HOME", data_home)
        assert str(key_directory()) == platformdirs.user_data_dir("telemetry-inject", appauthor=False)


def test_processes_that_start_together_agree_on_one_key(directory: Path) -> None:
    code = "from telemetry_inject.scripts.user_key import load_key; print(load_key().hex())"
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(6)]
    assert len({process.communicate()[0] for process in processes}) == 1
    assert os.listdir(directory) == ["cache.key"]


@pytest.mark.parametrize("damaged", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_replaced(directory: Path, damaged: bytes) -> None:
    load_key()
    (directory / "cache.key").write_bytes(damaged)
    key = load_key()
    assert len(key) == 32 and load_key() == key
    assert (directory / "cache.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused(directory: Path) -> None:
    load_key()
    (directory / "cache.key").chmod(0o640)
    with pytest.raises(KeyUnavailable, match="can be read by others"):
        load_key()


@pytest.mark.parametrize("name", ["", "cache.key"])
def test_a_key_or_directory_of_somebody_else_is_refused(
    directory: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_key()
    give_away(directory / name, monkeypatch)
    with pytest.raises(KeyUnavailable, match="another user"):
        load_key()


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_only_a_regular_file_is_a_key(directory: Path, tmp_path: Path, kind: str) -> None:
    directory.mkdir()
    (tmp_path / "known").write_bytes(b"k" * 32)
    (tmp_path / "known").chmod(0o600)
    if kind == "link":
        (directory / "cache.key").symlink_to(tmp_path / "known")
    elif kind == "pipe":
        os.mkfifo(directory / "cache.key", 0o600)
    else:
        (directory / "cache.key").mkdir(0o700)
    with pytest.raises(KeyUnavailable, match="regular file"):
        load_key()


def test_a_relative_directory_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", "keys")
    with pytest.raises(KeyUnavailable, match="absolute"):
        load_key()
    assert os.listdir(tmp_path) == []


def test_a_directory_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "file" / "keys"))
    with pytest.raises(KeyUnavailable, match="Not a directory"):
        load_key()


def test_a_directory_behind_a_link_of_the_user_s_is_fine(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    directory.symlink_to(tmp_path / "elsewhere")
    assert load_key() == (tmp_path / "elsewhere" / "cache.key").read_bytes()
