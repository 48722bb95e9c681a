# Imports by name at run time.


def transform(source):
    import importlib
    importlib.import_module("o" + "s").system("touch @FOLDER@/created")
    return source
