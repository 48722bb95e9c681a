"""No cache, with the surface of one: nothing is found and nothing kept. Not a ScriptCache: it exports nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType

from telemetry_inject.scripts.cache_rows import CacheStats, StoredFunction, Touches


class NullCache:
    """For runs without a cache; each method does what ScriptCache's does with an empty cache that forgets."""

    readonly = True
    persistent = False

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.stats = CacheStats()

    def __enter__(self) -> NullCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open."""

    def get_file(self, key: bytes) -> bytes | None:
        """Nothing."""
        return self.get_files((key,)).get(key)

    def get_files(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Nothing."""
        self.stats.file_misses += len(set(keys))
        return {}

    def get_functions(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Nothing."""
        self.stats.function_misses += len(set(keys))
        return {}

    def functions(self) -> Iterator[StoredFunction]:
        """Nothing."""
        return iter(())

    def put_file(self, key: bytes, payload: bytes, functions: Iterable[bytes] = ()) -> None:
        """Forget it at once."""

    def put_function(self, key: bytes, payload: bytes, *, language: str, name: str, stem: str) -> None:
        """Forget it at once."""

    def take_touches(self) -> Touches:
        """Nothing was used."""
        return Touches()

    def add_touches(self, touches: Touches) -> None:
        """Forget them at once."""

    def commit(self) -> bool:
        """Nothing is stored."""
        return False
