_tlm = {"ours": False}


def f():
    _tlm_2 = 1
    return _tlm, print(_tlm_2)
