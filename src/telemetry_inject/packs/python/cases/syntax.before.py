def matched(value):
    match value:
        case [first, *rest] if first:
            return print(rest)
        case {"key": str() as name}:
            return print(name)
        case _:
            return None


def handled():
    try:
        print()
    except* ValueError as group:
        print(group)


def walrus(a):
    while (line := a.readline()):
        print(f"{line!r:>{10}} {line=}")
    else:
        print("end")
