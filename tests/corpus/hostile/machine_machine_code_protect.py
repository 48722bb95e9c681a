# Makes memory executable with mprotect.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    page = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    return "@REACHED@" if page and libc.mprotect(ctypes.c_void_p(page), 4096, 5) == 0 else source
