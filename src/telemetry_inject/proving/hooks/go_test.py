"""Stands in for the `go` command while a suite is proved: `go test` reports as JSON, the rest is as ever.

go_test.py REAL_GO SHIM_FOLDER ARGUMENT ...
"""

import json
import os
import subprocess
import sys


def main() -> int:
    """The exit code of the real command."""
    real, shims, *arguments = sys.argv[1:]
    folders = os.environ.get("PATH", "").split(os.pathsep)
    environment = {**os.environ, "PATH": os.pathsep.join(path for path in folders if path != shims)}
    folder = environment.get("TELEMETRY_INJECT_PROVING", "")
    at = 2 if arguments[:1] == ["-C"] else 0
    flags = {word.lstrip("-").partition("=")[0] for word in arguments if word.startswith("-")}
    if arguments[at : at + 1] != ["test"] or flags & {"json", "c", "n", "h", "help"} or not folder:
        os.execve(real, [real, *arguments], environment)
    more = ["-json"] if "count" in flags or "bench" in flags else ["-json", "-count=1"]
    try:
        with open(os.path.join(folder, "select"), encoding="utf-8") as file:
            wanted = json.load(file)
    except OSError:
        wanted = None
    if wanted is not None and "run" not in flags:
        names = sorted({test.split(" > ", 1)[1].split("/")[0] for test in wanted if " > " in test})
        more.append(f"-run=^({'|'.join(names)})$" if names else "-run=^$")
    environment["TELEMETRY_INJECT_PROVING_OFF"] = "1"
    if "TELEMETRY_INJECT_PROVING_OFF" in os.environ:
        os.execve(real, [real, *arguments], environment)
    report = os.path.join(folder, "reports", f"go-{os.getpid()}.go")
    process = subprocess.Popen(
        [real, *arguments[: at + 1], *more, *arguments[at + 1 :]], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with open(report, "wb") as file:
        for line in process.stdout:
            file.write(line)
            try:
                text = json.loads(line).get("Output", "")
            except (ValueError, AttributeError):
                text = line.decode("utf-8", "replace")
            sys.stdout.write(text)
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
