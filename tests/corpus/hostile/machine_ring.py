# Asks for an io_uring, which does I/O without system calls.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    parameters = ctypes.create_string_buffer(120)
    return source if libc.syscall(425, 4, parameters) < 0 else "@REACHED@"
