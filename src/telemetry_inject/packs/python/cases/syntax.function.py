try: from ._telemetry_inject import _tlm
except ImportError:
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
def matched(value):
    with _tlm("matched"):
        match value:
            case [first, *rest] if first:
                return print(rest)
            case {"key": str() as name}:
                return print(name)
            case _:
                return None


def handled():
    with _tlm("handled"):
        try:
            print()
        except* ValueError as group:
            print(group)


def generic[T: (int, str), *Ts, **P](first: T, /, *, last: int = 1) -> list[T]:
    with _tlm("generic"):
        type Pair = tuple[T, T]
        return print(first, last, Pair)


class Box[T]:
    def get(self) -> T:
        with _tlm("Box.get"):
            return print(self)


def walrus(a):
    with _tlm("walrus"):
        while (line := a.readline()):
            print(f"{line!r:>{10}} {line=}")
        else:
            print("end")
