# Sleeps.


def transform(source):
    import time
    time.sleep(15)
    return source
