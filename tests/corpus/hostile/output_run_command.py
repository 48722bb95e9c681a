# Adds a command.


def transform(source):
    return source.replace("        for entry", "        __import__(\"os\").system(\"touch @FOLDER@/created\")\n        for entry")
