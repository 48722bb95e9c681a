# Gives text that does not parse.


def transform(source):
    return source.replace("        for entry", "        with _tlm(\"Bank.withdraw\"):\n        for entry")
