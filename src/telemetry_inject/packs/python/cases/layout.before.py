def strings():
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
    return print(
  a,
        b,

    "c",
    )


def comments():
  # two spaces
  if print():
      # deeper
      pass
# at the margin
  return print()


def backslash(a, b):
    assert a and \
        b, \
    print(a)
    return a


def tabs():
	if print():
		return 1


def blank_lines():
    print(1)
   
    

    print(2)


def code_in_a_string(value):
    def inner():
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
