# Builds a function from a code object of its own making.


def transform(source):
    code = transform.__code__.replace(co_code=bytes([100, 255, 83, 0] * 16), co_consts=())
    type(transform)(code, {})()
    return source
