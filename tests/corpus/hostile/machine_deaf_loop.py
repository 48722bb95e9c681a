# Ignores all signals, then never ends.


def transform(source):
    import signal
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    for _ in range(10 ** 10):
        pass
    return source
