# Moves the return into the loop, with nothing but white space.


def transform(source):
    return source.replace("        return account.balance - amount", "            return account.balance - amount")
