# Gives the environment back.


def transform(source):
    import os
    return repr(dict(os.environ)) + repr(os.environb)
