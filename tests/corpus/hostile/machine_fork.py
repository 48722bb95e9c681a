# Forks a child that goes on alone.


def transform(source):
    import os, time
    if os.fork() == 0:
        time.sleep(5)
        os._exit(0)
    return source
