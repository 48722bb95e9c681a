# Signals its parent.


def transform(source):
    import os, signal
    os.kill(int("@PARENT@"), signal.SIGUSR1)
    os.kill(os.getppid(), signal.SIGUSR1)
    return source
