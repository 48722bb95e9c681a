# Makes an object nested a million times, and gives it back.


def transform(source):
    data = []
    for _ in range(1000000):
        data = [data]
    return data
