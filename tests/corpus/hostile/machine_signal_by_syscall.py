# Signals another process with bare system calls.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.syscall(62, int("@VICTIM@"), 9)
    libc.syscall(129, int("@VICTIM@"), 9)
    libc.tgkill(int("@VICTIM@"), int("@VICTIM@"), 9)
    return source
