# Gives nothing back.


def transform(source):
    return ""
