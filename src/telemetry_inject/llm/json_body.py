"""Reading a provider's JSON without trusting its shape: what is not there or of another type reads as absent."""

from __future__ import annotations

import json
from typing import Any

from telemetry_inject.llm.failures import Place, not_an_answer


def json_object(body: bytes, place: Place) -> dict[str, Any]:
    """The JSON object in `body`. Raises NotAnAnswer, which says when it is a web page."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        start = body[:200].lstrip().lower()
        what = "a web page" if start.startswith((b"<!doctype", b"<html")) else "nothing" if not start else "not JSON"
        raise not_an_answer(place, what) from None
    if not isinstance(value, dict):
        raise not_an_answer(place, "not a JSON object")
    return value


def mapping(value: Any, name: str) -> dict[str, Any]:
    """The object under `name`, or an empty one."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def items(value: Any, name: str) -> list[Any]:
    """The list under `name`, or an empty one."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def text(value: Any, name: str) -> str:
    """The text under `name`, or an empty one."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else ""


def count(value: Any, name: str) -> int | None:
    """The whole number from 0 up under `name`, or None."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, int) and not isinstance(inner, bool) and inner >= 0 else None
