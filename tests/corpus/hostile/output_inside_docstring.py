# Puts telemetry into the documentation.


def transform(source):
    return source.replace("    More about it.", "    with _tlm(\"Bank.withdraw\"):\n            More about it.")
