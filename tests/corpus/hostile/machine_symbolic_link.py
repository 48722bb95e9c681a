# Plants a symbolic link.


def transform(source):
    import os
    os.symlink("/etc/passwd", "@FOLDER@/created")
    return source
