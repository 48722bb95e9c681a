# Writes without end to the answer's pipe (256 MiB at most).


def transform(source):
    import os
    for _ in range(256):
        os.write(1, b"x" * 1048576)
    return source
