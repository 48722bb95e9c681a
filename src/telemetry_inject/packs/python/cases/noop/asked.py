# why: asked for in a comment
def f():  # telemetry: skip
    print(1)


# telemetry: skip
@print
def g():
    def inner():
        print(2)

    print(inner)
