# Starts processes with multiprocessing.


def transform(source):
    import multiprocessing, time
    multiprocessing.Process(target=time.sleep, args=(5,)).start()
    return source
