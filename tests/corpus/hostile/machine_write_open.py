# Creates a file.


def transform(source):
    open("@FOLDER@/created", "w").write("x")
    return source
