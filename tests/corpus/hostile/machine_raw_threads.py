# Starts threads with the C module.


def transform(source):
    import _thread, time
    for _ in range(4):
        _thread.start_new_thread(time.sleep, (5,))
    return source
