"""Runs without Python's cyclic garbage collector, where it would find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the collector off: it would look at all living reports again and again, a tenth of a run's cost.

    Of those who work in here, no file may leave cycles behind that hold more than a few objects.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
