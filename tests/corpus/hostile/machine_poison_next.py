# Changes the interpreter for the script that comes after it.


def transform(source):
    import builtins, json, os
    builtins.len = lambda value: 0
    builtins.str = None
    json.dumps = os._exit = lambda *values: None
    return source
