# Never ends (but for a bound of its own).


def transform(source):
    count = 0
    for _ in range(10 ** 10):
        count += 1
    return source
