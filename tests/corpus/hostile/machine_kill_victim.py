# Kills another process.


def transform(source):
    import os
    os.kill(int("@VICTIM@"), 9)
    return source
