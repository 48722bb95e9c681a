# Reads a file through another process's root and through a symbolic link to it.


def transform(source):
    import os
    for path in ("/proc/1/root@SECRET@", "/proc/self/root@SECRET@", "/proc/@PARENT@/cwd/..@SECRET@"):
        try:
            source += open(path).read()
        except OSError:
            pass
    return source
