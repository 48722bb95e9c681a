# Starts threads that go on in the background.


def transform(source):
    import threading, time
    for _ in range(4):
        threading.Thread(target=time.sleep, args=(5,)).start()
    return source
