# Never ends while it is loaded.
for _ in range(10 ** 10):
    pass


def transform(source):
    return source
