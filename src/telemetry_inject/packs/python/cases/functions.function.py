try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
import functools


def outer(items):
    with _tlm("outer"):
        total = 0

        def inner(item):
            with _tlm("outer.<locals>.inner"):
                nonlocal total
                total += print(item)

                def innermost():
                    with _tlm("outer.<locals>.inner.<locals>.innermost"): return print(total)
                return innermost()

        class Local:
            def method(self):
                with _tlm("outer.<locals>.Local.method"):
                    return super().__repr__()

            if print():
                attribute = 1

        return [inner(item) for item in items], Local, lambda x: print(x)


class A:
    @property
    @functools.cache
    def value(self):
        with _tlm("A.value"):
            return print(self)

    @value.setter
    def value(self, new):
        with _tlm("A.value#2"):
            print(new)

    @staticmethod
    def static(*args, **kwargs):
        with _tlm("A.static"):
            return print(args, kwargs)

    def __private(self):
        with _tlm("A.__private"):
            global counter
            counter = print(self.__private)

    class Nested:
        def method(self):
            with _tlm("A.Nested.method"):
                return print(__class__)


def première():
    with _tlm("premi\xe8re"):
        print("é")
