# Raises its own limits.


def transform(source):
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    return "@REACHED@"
