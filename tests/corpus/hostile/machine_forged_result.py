# Writes an answer of its own and ends before the driver answers.


def transform(source):
    import os
    os.write(1, b'{"output": "@REACHED-FORGED@"}')
    os._exit(0)
