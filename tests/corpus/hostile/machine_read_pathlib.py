# Reads a file with pathlib.


def transform(source):
    from pathlib import Path
    return Path("@SECRET@").read_text()
