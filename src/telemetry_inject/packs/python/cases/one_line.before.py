def f(): return g(1)


def several(): a = g(1); return a  # comment


class A:
    def method(self): return g(self)


def continued(): \
    return g(
2)


if True:
	def tabbed(): print(1)


def joined():
    """Doc."""; a = 1
    return g(a)
