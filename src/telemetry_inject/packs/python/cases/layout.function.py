try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
def strings():
    with _tlm("strings"):
        text = """
    not indented
  by us
"""
        formatted = f"""{text
    }
  {len(text)}"""
        return text, formatted, 'continued \
    string'


def brackets(a,
             b):
    with _tlm("brackets"):
        return print(
  a,
            b,

        "c",
        )


def comments():
  # two spaces
  with _tlm("comments"):
    if print():
        # deeper
        pass
# at the margin
    return print()


def backslash(a, b):
    with _tlm("backslash"):
        assert a and \
            b, \
        print(a)
        return a


def tabs():
	with _tlm("tabs"):
		if print():
			return 1


def blank_lines():
    with _tlm("blank_lines"):
        print(1)
   
    

        print(2)


def code_in_a_string(value):
    with _tlm("code_in_a_string"):
        def inner():
            with _tlm("code_in_a_string.<locals>.inner"):
                raise ValueError(
                    "Begin "
                    f"""{value!r}; {
                'one'
                if value
                else 'other'
            } end"""
                )

        if value:
            return inner()
        return str(value)
