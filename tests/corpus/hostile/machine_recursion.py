# Calls itself without end.


def transform(source):
    import sys
    sys.setrecursionlimit(10 ** 8)
    return transform(source)
