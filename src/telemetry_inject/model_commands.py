"""--list-models and --check-api: what needs a provider, but no sources."""

from __future__ import annotations

import json
import os
import sys

from telemetry_inject.config import Settings
from telemetry_inject.errors import ExitCode
from telemetry_inject.llm.detection import Choice, remarks, require
from telemetry_inject.llm.prices import parse_price
from telemetry_inject.report.terminal import printable, wants_color


def _chosen(settings: Settings) -> Choice:
    """Who is asked; says what a careful person would want to know. Raises UsageError."""
    choice = require(settings, os.environ)
    for note in () if settings.quiet else (*settings.notes, *remarks(choice)):
        print(f"note: {printable(note)}", file=sys.stderr)
    return choice


def list_models(settings: Settings) -> int:
    """Print what the provider offers; the exit code. Raises UsageError and ModelError."""
    from telemetry_inject.llm import model_manager

    choice = _chosen(settings)
    rows = model_manager.list_models(choice, parse_price(settings.price) if settings.price else None)
    if settings.json:
        print(json.dumps(model_manager.as_json(rows, choice), indent=2))
    else:
        print(model_manager.as_text(rows, choice, wants_color(settings.color, sys.stdout)))
    return int(ExitCode.DONE)


def check_api(settings: Settings) -> int:
    """Try the provider with a real question, within the budget; the exit code. Raises UsageError and ModelError."""
    from telemetry_inject.llm import api_checker
    from telemetry_inject.llm.factory import build_client

    choice = _chosen(settings)
    client = build_client(
        choice,
        settings.budget,
        parse_price(settings.price) if settings.price else None,
        settings.context_window,
        settings.max_output,
    )
    try:
        report = api_checker.check_api(choice, client)
    except KeyboardInterrupt:
        client.cancel()
        raise
    finally:
        client.close()
    if settings.json:
        print(json.dumps(api_checker.as_json(report), indent=2))
    else:
        print(api_checker.as_text(report, wants_color(settings.color, sys.stdout)))
    return int(report.exit_code)
