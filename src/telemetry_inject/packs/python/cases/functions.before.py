import functools


def outer(items):
    total = 0

    def inner(item):
        nonlocal total
        total += print(item)

        def innermost(): return print(total)
        return innermost()

    class Local:
        def method(self):
            return super().__repr__()

        if print():
            attribute = 1

    return [inner(item) for item in items], Local, lambda x: print(x)


class A:
    @property
    @functools.cache
    def value(self):
        return print(self)

    @value.setter
    def value(self, new):
        print(new)

    @staticmethod
    def static(*args, **kwargs):
        return print(args, kwargs)

    def __private(self):
        global counter
        counter = print(self.__private)

    class Nested:
        def method(self):
            return print(__class__)


def première():
    print("é")
