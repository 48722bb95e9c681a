# Truncates an existing file by its name.


def transform(source):
    import os
    os.truncate("@SECRET@", 0)
    return source
