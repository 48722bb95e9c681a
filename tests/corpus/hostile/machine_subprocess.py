# Runs a program.


def transform(source):
    import subprocess
    subprocess.run(["touch", "@FOLDER@/created"])
    return source
