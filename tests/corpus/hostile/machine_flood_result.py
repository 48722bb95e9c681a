# Gives an enormous result.


def transform(source):
    return "x" * (100 << 20)
