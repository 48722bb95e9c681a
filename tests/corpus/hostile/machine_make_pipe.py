# Makes a named pipe.


def transform(source):
    import os
    os.mkfifo("@FOLDER@/created")
    return source
