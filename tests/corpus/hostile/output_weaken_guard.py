# Changes a check, keeping every line.


def transform(source):
    return source.replace("amount > account", "amount > 10 ** 9 + account")
