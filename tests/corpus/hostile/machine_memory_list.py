# Takes all memory with a list (1 GiB at most).


def transform(source):
    data = [b"x" * 1048576 for _ in range(1024)]
    return "@REACHED@" + str(len(data))
