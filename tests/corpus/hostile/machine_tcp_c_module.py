# Connects with the C module under socket.


def transform(source):
    import _socket
    s = _socket.socket(2, 1)
    s.connect(("127.0.0.1", int("@PORT@")))
    return source
