# Forks children that fork children (at most a few).


def transform(source):
    import os, time
    for _ in range(3):
        os.fork()
    time.sleep(5)
    return source
