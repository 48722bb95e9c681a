# Makes a folder.


def transform(source):
    import os
    os.mkdir("@FOLDER@/created")
    return source
