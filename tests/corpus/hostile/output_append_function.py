# Adds a second function behind the first.


def transform(source):
    return source + "\n    def withdraw(self, *rest):\n        return 0\n"
