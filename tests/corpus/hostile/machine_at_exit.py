# Does its harm when the interpreter ends.


def transform(source):
    import atexit
    atexit.register(lambda: open("@FOLDER@/created", "w"))
    return source
