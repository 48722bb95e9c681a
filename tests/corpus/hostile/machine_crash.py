# Crashes its interpreter.


def transform(source):
    import ctypes
    ctypes.string_at(0)
    return source
