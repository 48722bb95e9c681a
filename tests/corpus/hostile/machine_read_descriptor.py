# Reads a file with os.open and os.read.


def transform(source):
    import os
    return os.read(os.open("@SECRET@", os.O_RDONLY), 1000).decode()
