# why: compiled elsewhere
import numba


@numba.njit(cache=True)
def f(a):
    def inner():
        print(a)

    return inner()
