# Creates a file in shared memory.


def transform(source):
    from multiprocessing import shared_memory
    shared_memory.SharedMemory(name="@NAME@", create=True, size=4096)
    return source
