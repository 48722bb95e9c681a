# Uses kernel interfaces that few expect: bpf, keyctl, perf, userfaultfd.


def transform(source):
    import ctypes
    libc = ctypes.CDLL(None)
    for number in (321, 250, 298, 323, 175, 248, 101):
        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
            return "@REACHED@"
    return source
