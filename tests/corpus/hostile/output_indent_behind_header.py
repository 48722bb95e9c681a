# Moves the return into the loop, behind a telemetry block that excuses the indent.


def transform(source):
    lines = source.splitlines(True)
    start = [index for index, line in enumerate(lines) if "for entry" in line][0]
    moved = ["        with _tlm(\"Bank.withdraw\"):\n"] + ["    " + line for line in lines[start:]]
    return "".join(lines[:start] + moved[:-1] + ["    " + moved[-1]])
