# Gives a variable another value by the name of the span.


def transform(source):
    return source.replace("        return account", "        with _tlm(\"Bank.withdraw\") as amount:\n            pass\n        return account")
