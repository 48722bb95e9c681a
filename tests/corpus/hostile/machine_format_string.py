# Reads globals with a format string.


def transform(source):
    class Probe:
        def method(self):
            pass
    return "{0.method.__globals__}".format(Probe()) + "{0.__class__.__init__.__globals__}".format(Probe())
