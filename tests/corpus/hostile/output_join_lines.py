# Joins two lines with a backslash.


def transform(source):
    return source.replace("balance:\n", "balance:\\\n")
