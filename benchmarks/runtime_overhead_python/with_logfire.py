"""Runs `market_analyser` with logfire's auto-tracing of all its functions, through the exporter of by_hand.py."""

import sys

import by_hand
import logfire

logfire.configure(
    send_to_logfire=False,
    console=False,
    metrics=False,
    inspect_arguments=False,
    additional_span_processors=[by_hand.processor()],
)
logfire.install_auto_tracing(modules=["market_analyser"], min_duration=0)

from market_analyser.cli import main  # noqa: E402

sys.exit(main())
