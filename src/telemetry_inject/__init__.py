"""telemetry-inject: put OpenTelemetry spans into code that has none.

The engine can be used as a library: see :func:`telemetry_inject.engine.instrument`.
"""

__version__ = "0.1.0"
