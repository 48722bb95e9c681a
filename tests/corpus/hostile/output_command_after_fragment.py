# Adds a command behind a telemetry call, on its line.


def transform(source):
    return source.replace("        for entry", "        _tlm_s.branch(\"if+3\"); __import__(\"os\")\n        for entry")
