# Creates a file in shared memory.


def transform(source):
    import _posixshmem, os
    _posixshmem.shm_open("/@NAME@", os.O_CREAT | os.O_RDWR, mode=0o600)
    return source
