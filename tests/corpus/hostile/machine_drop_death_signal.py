# Asks to outlive its parent.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    return "@REACHED@" if libc.prctl(1, 0, 0, 0, 0) == 0 or libc.setsid() >= 0 else source
