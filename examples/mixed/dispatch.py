"""Sends parcels on their way: Python reads them, Go finds the routes, JavaScript draws the labels.

    python dispatch.py data/parcels.json

Needs `go` and `node` on the path.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PER_KILOGRAM = 0.85
Row = dict[str, Any]


class ProgramFailed(Exception):
    """Another program of ours ended with an error."""


def read_parcels(path: Path) -> list[Row]:
    """The parcels of a file, those without an address left out."""
    parcels = json.loads(path.read_text(encoding="utf-8"))
    return [parcel for parcel in parcels if parcel.get("to")]


def call(command: Sequence[str | Path], rows: list[Row]) -> list[Row]:
    """Hand rows to another program as JSON lines, and read those that it gives back."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    done = subprocess.run(list(map(str, command)), input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"{Path(command[0]).stem}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def build_routes(folder: Path) -> Path:
    """Compile the Go program."""
    program = folder / "routes"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "routes", check=True)
    return program


def priced(routes: list[Row]) -> Iterator[Row]:
    """Add what each parcel costs."""
    for route in routes:
        weight = route["kilograms"]
        yield {**route, "price": round(4.5 + PER_KILOGRAM * weight + 0.01 * route["kilometres"], 2)}


def manifest(labels: list[Row]) -> Iterator[str]:
    """One line a parcel, and the sum."""
    for label in labels:
        yield f"{label['code']}  {label['text']:<32} {label['price']:>6.2f}"
    yield f"{len(labels)} parcels, {sum(label['price'] for label in labels):.2f}"


def main(arguments: Sequence[str]) -> int:
    """Run the program; 1 when another one of ours failed."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    parcels = read_parcels(Path(arguments[0]))
    try:
        with tempfile.TemporaryDirectory() as folder:
            routes = call([build_routes(Path(folder)), HERE / "data" / "roads.txt"], parcels)
        labels = call(["node", HERE / "labels" / "labels.mjs"], list(priced(routes)))
    except ProgramFailed as error:
        print(f"dispatch: {error}", file=sys.stderr)
        return 1
    for line in manifest(labels):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
