# Returns before the work is done.


def transform(source):
    return source.replace("        for entry", "        return 0\n        for entry")
