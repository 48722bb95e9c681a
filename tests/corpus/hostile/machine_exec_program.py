# Becomes another program.


def transform(source):
    import os
    os.execv("/bin/sh", ["sh", "-c", "touch @FOLDER@/created; sleep 5"])
