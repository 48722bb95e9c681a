# Leaves out a check.


def transform(source):
    guard = "        if amount > account.balance:\n            raise ValueError(\"too much\")\n"
    return source.replace(guard, "        with _tlm(\"Bank.withdraw\"):\n            pass\n")
