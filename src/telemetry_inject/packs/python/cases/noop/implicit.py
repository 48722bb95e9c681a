# why: called implicitly and often
class A:
    def __eq__(self, other):
        return tuple(self) == tuple(other)
