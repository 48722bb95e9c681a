# Records a password under another name.


def transform(source):
    head, body = source.split("        if amount", 1)
    body = "".join("    " + line for line in ("        if amount" + body).splitlines(True))
    return head + "        with _tlm(\"Bank.withdraw\", amount=password) as _tlm_s:\n" + body
