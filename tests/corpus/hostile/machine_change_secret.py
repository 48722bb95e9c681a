# Changes an existing file.


def transform(source):
    with open("@SECRET@", "a") as file:
        file.write("changed")
    return source
