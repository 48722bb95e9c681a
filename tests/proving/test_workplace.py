"""Temporary folders of verifications: those of dead processes go, nothing else does."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from telemetry_inject.proving.workplace import _LOCK, _PREFIX, workplace


@pytest.fixture(autouse=True)
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def old(path: Path) -> Path:
    """As if nobody had touched it for an hour."""
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def test_a_folder_of_somebody_else_with_such_a_name_stays(top: Path) -> None:
    for name in ("notes", "with-a-lock"):
        (top / f"{_PREFIX}{name}").mkdir()
        (top / f"{_PREFIX}{name}" / "precious").write_text("precious")
    (top / f"{_PREFIX}with-a-lock" / "lock").write_text("")
    for folder in list(top.iterdir()):
        old(folder)
    (top / f"{_PREFIX}file").write_text("a file")
    (top / f"{_PREFIX}link").symlink_to(top / f"{_PREFIX}notes")
    before = sorted(top.rglob("*"))
    with workplace():
        pass
    assert sorted(top.rglob("*")) == before


def test_the_folder_of_a_dead_process_goes_and_that_of_a_living_one_stays(top: Path) -> None:
    for name in ("dead", "living"):
        (top / f"{_PREFIX}{name}" / "tree").mkdir(parents=True)
        (top / f"{_PREFIX}{name}" / _LOCK).write_text("")
    (top / f"{_PREFIX}dead" / "tree").chmod(0)
    (top / f"{_PREFIX}empty").mkdir()
    old(top / f"{_PREFIX}empty")
    (top / f"{_PREFIX}new").mkdir()
    with (top / f"{_PREFIX}living" / _LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with workplace() as ours:
            (ours / "tree").mkdir()
            (ours / "file").write_text("ours")
    assert sorted(path.name for path in top.iterdir()) == [f"{_PREFIX}living", f"{_PREFIX}new"]


def test_a_folder_that_is_written_to_while_it_is_removed_is_left_to_the_next_call(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def filled_again(tree: Path) -> None:
        (tree / "late").write_text("late")

    with monkeypatch.context() as patched, workplace() as ours:
        (ours / "tree").mkdir()
        patched.setattr("telemetry_inject.proving.workplace.remove_tree", filled_again)
    assert (ours / _LOCK).exists()
    with workplace():
        assert not ours.exists()
