# Reads and writes the memory of the parent.


def transform(source):
    with open("/proc/@PARENT@/mem", "r+b") as memory:
        memory.seek(int("@ADDRESS@"))
        source += memory.read(64).decode("latin-1")
        memory.seek(int("@ADDRESS@"))
        memory.write(b"changed")
    return source
