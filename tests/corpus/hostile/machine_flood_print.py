# Prints without end (64 MiB at most).


def transform(source):
    for _ in range(1 << 16):
        print("x" * 1024)
    return source
