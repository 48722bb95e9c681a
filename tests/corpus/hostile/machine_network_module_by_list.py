# Imports through the list of what is loaded.


def transform(source):
    import sys
    for name in ("socket", "_socket", "ssl"):
        module = sys.modules.get(name) or __import__(name)
        module.socket(2, 1).connect(("127.0.0.1", int("@PORT@")))
    return source
