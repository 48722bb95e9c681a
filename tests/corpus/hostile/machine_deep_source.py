# Compiles a text nested a hundred thousand times.


def transform(source):
    eval("(" * 100000 + ")" * 100000)
    return source
