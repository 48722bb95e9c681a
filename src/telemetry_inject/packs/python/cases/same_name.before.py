import sys

if sys.platform == "win32":
    def f():
        return print("windows")
else:
    def f():
        return print("other")
