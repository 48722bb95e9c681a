# why: file: asked for in a comment
# telemetry: skip-file
def f():
    print(1)
