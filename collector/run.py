"""A real OpenTelemetry Collector: built from its Go modules by the official builder on the first call, then started.

    python3 collector/run.py [FILE]     spans sent to http://127.0.0.1:4318 go to FILE (telemetry/collected.jsonl)

Stops on Ctrl-C. Needs Go. The program is kept in .work/collector; COLLECTOR_ENDPOINT is another address to listen on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".work" / "collector"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"


def build() -> Path:
    """The collector's program, built unless it was built before from the same builder.yaml."""
    recipe = (HERE / "builder.yaml").read_bytes() + BUILDER.encode()
    home = CACHE / hashlib.sha256(recipe).hexdigest()[:16]
    program = home / ("collector.exe" if os.name == "nt" else "collector")
    if program.exists():
        return program
    making = home.with_name(f"{home.name}.{os.getpid()}")
    making.mkdir(parents=True)
    settings = os.environ | {"GOFLAGS": "", "GOWORK": "off", "CGO_ENABLED": "0"}
    command = ["go", "run", BUILDER, "--config", str(HERE / "builder.yaml")]
    try:
        subprocess.run(command, cwd=making, env=settings, check=True)
        home.mkdir(exist_ok=True)
        (making / "source" / program.name).replace(program)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return program


def main() -> None:
    """Build it, start it, and wait until it ends."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "telemetry/collected.jsonl").absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    program = build()
    endpoint = os.environ.get("COLLECTOR_ENDPOINT", "127.0.0.1:4318")
    print(f"OTEL_EXPORTER_OTLP_ENDPOINT=http://{endpoint} -> {file}", file=sys.stderr)
    command = [os.fspath(program), "--config", os.fspath(HERE / "config.yaml")]
    process = subprocess.Popen(command, env=os.environ | {"COLLECTOR_FILE": os.fspath(file)})
    try:
        sys.exit(process.wait())
    except KeyboardInterrupt:
        process.terminate()  # it writes what it has
        process.wait()
        sys.exit(130)


if __name__ == "__main__":
    main()
