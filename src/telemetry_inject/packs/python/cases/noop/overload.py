# why: typing overload
import typing


@typing.overload
def f(a: int) -> int:
    print(a)
