def generic[T: (int, str), *Ts, **P](first: T, /, *, last: int = 1) -> list[T]:
    type Pair = tuple[T, T]
    return print(first, last, Pair)


class Box[T]:
    def get(self) -> T:
        return print(self)
