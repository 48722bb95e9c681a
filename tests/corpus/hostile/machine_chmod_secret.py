# Opens a file to everybody.


def transform(source):
    import os
    os.chmod("@SECRET@", 0o777)
    return source
