try: from ._telemetry_inject import _tlm as _tlm_3
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm as _tlm_3
    except ImportError: from contextlib import nullcontext as _tlm_3
_tlm = {"ours": False}


def f():
    with _tlm_3("f"):
        _tlm_2 = 1
        return _tlm, print(_tlm_2)
