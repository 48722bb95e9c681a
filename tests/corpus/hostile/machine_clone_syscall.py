# Forks with bare system calls: clone, vfork, clone3.


def transform(source):
    import ctypes, time, os
    libc = ctypes.CDLL(None)
    for call in ((56, 17, 0), (57,), (435, 0, 0), (220, 17, 0)):
        if libc.syscall(*call) == 0:
            time.sleep(5)
            os._exit(0)
    return source
