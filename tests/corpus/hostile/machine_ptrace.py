# Ends another process with ptrace.


def transform(source):
    import ctypes
    import time
    libc = ctypes.CDLL(None)
    libc.ptrace(16, int("@VICTIM@"), 0, 0)
    time.sleep(0.1)
    libc.ptrace(8, int("@VICTIM@"), 0, 0)
    time.sleep(0.1)
    return source
