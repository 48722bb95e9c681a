# Reads a file with open().


def transform(source):
    return open("@SECRET@").read()
