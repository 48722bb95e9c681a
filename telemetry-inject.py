#!/usr/bin/env python3
"""Runs telemetry-inject from a checkout: `python telemetry-inject.py PATH`, installed or not."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
    from telemetry_inject.cli import entry_point

    entry_point()
