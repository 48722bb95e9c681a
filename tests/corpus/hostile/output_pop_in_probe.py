# Changes a list inside of a telemetry call.


def transform(source):
    return source.replace("        for entry", "        _tlm_s.assign(entries=account.entries.pop())\n        for entry")
