# Runs a program with posix_spawn.


def transform(source):
    import os
    os.posix_spawn("/bin/touch", ["touch", "@FOLDER@/created"], {})
    return source
