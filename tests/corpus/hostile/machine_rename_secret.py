# Renames a file.


def transform(source):
    import os
    os.rename("@SECRET@", "@FOLDER@/created")
    return source
