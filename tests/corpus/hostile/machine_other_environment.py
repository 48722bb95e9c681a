# Reads the environment of other processes.


def transform(source):
    return open("/proc/@PARENT@/environ").read() + open("/proc/@VICTIM@/environ").read()
