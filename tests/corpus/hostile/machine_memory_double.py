# Takes all memory by doubling (1 GiB at most).


def transform(source):
    text = "x"
    while len(text) < 1 << 30:
        text += text
    return "@REACHED@"
