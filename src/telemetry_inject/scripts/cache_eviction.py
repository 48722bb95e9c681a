"""Keeps the cache small: rows unused for a month go, and the oldest ones when the file grows over its cap.

Days are counted since 1970. `used` is touched at most once a day, so it is exact to a day.
"""

from __future__ import annotations

import sqlite3

MAX_AGE_DAYS = 30
MAX_BYTES = 512 * 1024 * 1024
_KEPT_SHARE = 0.8  # of the cap, after it was exceeded: so that not every run has to evict


def evict_aged(connection: sqlite3.Connection, today: int, max_age_days: int) -> int:
    """Remove rows unused for `max_age_days`; how many functions went. Reads the tables at most once a day."""
    state = dict(connection.execute("SELECT name, value FROM state WHERE name IN ('oldest', 'swept')").fetchall())
    oldest, swept = state.get(b"oldest"), state.get(b"swept")
    if swept == today:
        return 0
    limit = today - max_age_days
    gone = 0
    if not isinstance(oldest, int) or oldest < limit or oldest > today:
        connection.execute("DELETE FROM files WHERE used < ? OR used > ?", (limit, today + 1))
        gone = connection.execute("DELETE FROM functions WHERE used < ? OR used > ?", (limit, today + 1)).rowcount
        dates = connection.execute("SELECT min(used) FROM files UNION ALL SELECT min(used) FROM functions").fetchall()
        oldest = min((date for (date,) in dates if isinstance(date, int)), default=today)
    connection.executemany(
        "INSERT OR REPLACE INTO state VALUES (?, ?)", [("swept", today), ("oldest", min(oldest, today))]
    )
    return gone


def evict_over(connection: sqlite3.Connection, max_bytes: int) -> int:
    """Remove the longest unused rows while the content is over `max_bytes`; how many functions went.

    Costs three look-ups in the file's header while it is under the cap.
    """
    size = _content_bytes(connection)
    if size <= max_bytes:
        return 0
    share = 1 - _KEPT_SHARE * max_bytes / size
    gone = 0
    for table in ("files", "functions"):
        count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        gone = connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY used LIMIT ?)",
            (round(count * share),),
        ).rowcount
    return gone


def _content_bytes(connection: sqlite3.Connection) -> int:
    def pragma(name: str) -> int:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

    return pragma("page_size") * (pragma("page_count") - pragma("freelist_count"))
