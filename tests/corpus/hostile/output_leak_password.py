# Records the value of a parameter called password.


def transform(source):
    head, body = source.split("        if amount", 1)
    body = "".join("    " + line for line in ("        if amount" + body).splitlines(True))
    return head + "        with _tlm(\"Bank.withdraw\", password=password) as _tlm_s:\n" + body
