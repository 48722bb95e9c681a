# Reads the memory of the parent with process_vm_readv.


def transform(source):
    import ctypes
    class Piece(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    buffer = ctypes.create_string_buffer(64)
    mine = Piece(ctypes.addressof(buffer), 64)
    theirs = Piece(int("@ADDRESS@"), 64)
    ctypes.CDLL(None).process_vm_readv(int("@PARENT@"), ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
    return source + buffer.raw.decode("latin-1")
