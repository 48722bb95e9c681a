# Computes a number of half a billion digits.


def transform(source):
    return str(len(str(7 ** (7 ** 11))))
