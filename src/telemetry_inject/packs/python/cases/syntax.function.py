try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
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


def walrus(a):
    with _tlm("walrus"):
        while (line := a.readline()):
            print(f"{line!r:>{10}} {line=}")
        else:
            print("end")
