# Plants a hard link.


def transform(source):
    import os
    os.link("@SECRET@", "@FOLDER@/created")
    return source
