# Reaches objects through an exception's attributes and trace.


def transform(source):
    try:
        source.missing
    except AttributeError as error:
        frame = error.__traceback__.tb_frame.f_back
        return repr(error.obj) + repr(frame.f_globals)[:20000] + repr(frame.f_builtins)[:20000]
