# why: uses _getframe
import sys


def caller():
    def name():
        return sys._getframe(1).f_code.co_name

    return print(name())
