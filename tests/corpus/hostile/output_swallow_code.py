# Puts code into a triple-quoted string.


def transform(source):
    return source.replace("        if amount", "        \"\"\"\n        if amount", 1).replace("        for entry", "        \"\"\"\n        for entry", 1)
