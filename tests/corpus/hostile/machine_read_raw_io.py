# Reads a file with the C implementation of io.


def transform(source):
    import _io
    return _io.FileIO("@SECRET@").readall().decode()
