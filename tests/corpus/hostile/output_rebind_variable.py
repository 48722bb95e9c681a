# Gives a variable another value.


def transform(source):
    return source.replace("        for entry", "        amount = 0\n        for entry")
