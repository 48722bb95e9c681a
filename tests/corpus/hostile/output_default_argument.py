# Adds a default value that is computed at import.


def transform(source):
    return source.replace("password):", "password=open(\"@SECRET@\").read()):")
