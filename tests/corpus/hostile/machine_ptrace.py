# Stops another process with ptrace.


def transform(source):
    import ctypes
    ctypes.CDLL(None).ptrace(16, int("@VICTIM@"), 0, 0)
    return source
