"""`python -m telemetry_inject` does what the command `telemetry-inject` does."""

from telemetry_inject.cli import entry_point

if __name__ == "__main__":
    entry_point()
