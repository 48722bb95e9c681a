# Finds out which files there are.


def transform(source):
    import os
    return " ".join(os.listdir("@FOLDER@"))
