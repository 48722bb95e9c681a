# Does its harm when an object dies.


def transform(source):
    class Trap:
        def __del__(self):
            open("@FOLDER@/created", "w").write("x")
    Trap()
    globals()["kept"] = Trap()
    return source
