# Connects with bare system calls.


def transform(source):
    import ctypes, struct
    libc = ctypes.CDLL(None)
    handle = libc.socket(2, 1, 0)
    address = struct.pack("=H", 2) + struct.pack(">H", int("@PORT@")) + bytes([127, 0, 0, 1]) + bytes(8)
    libc.connect(handle, address, 16)
    return source
