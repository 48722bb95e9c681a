# Reads a file through a module that opens it itself.


def transform(source):
    import linecache
    return "".join(linecache.getlines("@SECRET@"))
