# Deletes a file.


def transform(source):
    import os
    os.unlink("@SECRET@")
    return source
