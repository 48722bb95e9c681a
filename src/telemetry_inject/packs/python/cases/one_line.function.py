try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
def f():
    with _tlm("f"): return g(1)


def several():
    with _tlm("several"): a = g(1); return a  # comment


class A:
    def method(self):
        with _tlm("A.method"): return g(self)


def continued():
    with _tlm("continued"): \
    return g(
2)


if True:
	def tabbed():
		with _tlm("tabbed"): print(1)


def joined():
    """Doc."""; 
    with _tlm("joined"):  # telemetry-inject: split line
        a = 1
        return g(a)
