try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
def generic[T: (int, str), *Ts, **P](first: T, /, *, last: int = 1) -> list[T]:
    with _tlm("generic"):
        type Pair = tuple[T, T]
        return print(first, last, Pair)


class Box[T]:
    def get(self) -> T:
        with _tlm("Box.get"):
            return print(self)
