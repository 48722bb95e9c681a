"""Doc."""; from __future__ import annotations; import os


def f():
    print(os)
