# Asks for a new user namespace and mounts.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.unshare(0x10000000 | 0x00020000)
    libc.mount(b"none", b"@FOLDER@", b"tmpfs", 0, 0)
    return source
