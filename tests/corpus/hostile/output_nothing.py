# Does nothing.


def transform(source):
    return source
