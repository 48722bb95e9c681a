"""Doc."""; from __future__ import annotations; 
# telemetry-inject: split line
try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
import os


def f():
    with _tlm("f"):
        print(os)
