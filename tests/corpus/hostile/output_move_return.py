# Takes a return out of its if, with one line end.


def transform(source):
    return source.replace("            return 0\n", "            _tlm_s.branch(\"if+8\")\n        return 0\n")
