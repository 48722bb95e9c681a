try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
import sys

if sys.platform == "win32":
    def f():
        with _tlm("f"):
            return print("windows")
else:
    def f():
        with _tlm("f#2"):
            return print("other")
