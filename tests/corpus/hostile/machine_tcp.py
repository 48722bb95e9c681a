# Connects to a server.


def transform(source):
    import socket
    socket.create_connection(("127.0.0.1", int("@PORT@")), 1).sendall(b"x")
    return source
