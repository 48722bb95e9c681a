# Gives text that no encoding can hold.


def transform(source):
    return source + "\ud800"
