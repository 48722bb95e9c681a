"""Keeps pieces of text on disk, and gives them back ordered by a number: for parts that are made out of turn."""

from __future__ import annotations

from collections.abc import Iterator

from telemetry_inject.report.span_store import room, temporary_database

_PIECE = 64 * 1024
_MOST_HELD = 16 * 1024 * 1024


class Spool:
    """Texts by number; the texts of one number come back in the order in which they were added."""

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute("CREATE TABLE piece (number INTEGER, text TEXT)")
        self._held: dict[int, list[str]] = {}
        self._sizes: dict[int, int] = {}
        self._size = 0

    def add(self, number: int, text: str) -> None:
        """Add a text to those of a number.

        Raises:
            OutputError: there is no room for it.
        """
        self._held.setdefault(number, []).append(text)
        self._sizes[number] = self._sizes.get(number, 0) + len(text)
        self._size += len(text)
        if self._sizes[number] > _PIECE:
            self._store(number)
        elif self._size > _MOST_HELD:
            self._store_all()

    def pieces(self) -> Iterator[tuple[int, str]]:
        """All texts with their numbers, in the order of the numbers."""
        self._store_all()
        with room():
            yield from self._database.execute("SELECT number, text FROM piece ORDER BY number, rowid")

    def close(self) -> None:
        """Give the room back."""
        self._database.close()

    def _store(self, number: int) -> None:
        text = "".join(self._held.pop(number))
        self._size -= self._sizes.pop(number)
        with room():
            self._database.execute("INSERT INTO piece VALUES (?, ?)", (number, text))

    def _store_all(self) -> None:
        for number in list(self._held):
            self._store(number)
