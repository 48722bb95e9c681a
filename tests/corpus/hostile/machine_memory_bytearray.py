# Takes all memory at once (2 GiB).


def transform(source):
    data = bytearray(1 << 31)
    return "@REACHED@" + str(len(data))
