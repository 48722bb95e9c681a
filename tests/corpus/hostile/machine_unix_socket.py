# Connects to a socket in the file system.


def transform(source):
    import socket
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"x", "@FOLDER@/socket")
    return source
