# Adds a decorator.


def transform(source):
    return "@print\n    " + source
