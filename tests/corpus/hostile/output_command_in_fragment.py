# Adds a command inside of a telemetry call.


def transform(source):
    return source.replace("        for entry", "        with _tlm(__import__(\"os\").system(\"touch @FOLDER@/created\")):\n            pass\n        for entry")
