# why: file: no functions
import os

value = [lambda x: print(x)]


class A:
    b = os
