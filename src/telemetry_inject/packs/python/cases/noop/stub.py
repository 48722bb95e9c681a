# why: stub
import abc


class A(abc.ABC):
    def a(self): ...

    def b(self):
        """Documented."""

    def c(self):
        """Documented."""
        pass

    @abc.abstractmethod
    def d(self):
        raise NotImplementedError

    def e(self):
        raise NotImplementedError("text")  # comment

    def f(self): "only a docstring"
