"""Knows the other spellings of OTLP/JSON that files hold, and turns them into the one of the specification.

Met in the wild: ids in base64 (protobuf's own JSON mapping), field names with underscores, enumerations by name,
64-bit integers as numbers or as two halves, the old `instrumentationLibrarySpans`, Tempo's `batches`, attributes as
a plain object.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

MALFORMED = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading raises where a value is not of the kind that was expected."""

_LISTS = ("resourceSpans", "resource_spans", "batches")
_SCOPES = (
    "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans",
)  # fmt: skip
_TIMES = ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano")
_is_hexadecimal = re.compile(r"[0-9a-fA-F]+").fullmatch


def resource_spans_of(document: object) -> list[dict[str, Any]] | None:
    """The list of `ResourceSpans` in a document; None when it has none."""
    if not isinstance(document, dict):
        return None
    for name in _LISTS:
        found = document.get(name)
        if isinstance(found, list):
            return [item for item in found if isinstance(item, dict)]
    return None


def scopes_of(resource_spans: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The `ScopeSpans` of one resource, each with a list `spans`."""
    for name in _SCOPES:
        found = resource_spans.get(name)
        if isinstance(found, list):
            for item in found:
                if isinstance(item, dict) and isinstance(item.get("spans"), list):
                    yield item


def repaired(raw: dict[str, Any]) -> dict[str, Any]:
    """A span in the spelling of the specification.

    Raises one of MALFORMED when it cannot be understood.
    """
    span: dict[str, Any] = _camel(raw)
    for name, size in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
        if span.get(name):
            span[name] = _hexadecimal(span[name], size)
    _repair_times(span)
    for event in span.get("events") or ():
        if isinstance(event, dict):
            _repair_times(event)
            event["attributes"] = _key_values(event.get("attributes"))
    span["attributes"] = _key_values(span.get("attributes"))
    status = span.get("status")
    if isinstance(status, dict) and str(status.get("code")).upper() in ("2", "ERROR", "STATUS_CODE_ERROR"):
        span["status"] = {**status, "code": 2}
    elif not isinstance(status, dict):
        span["status"] = {}
    if not isinstance(span.get("flags", 0), int):
        span["flags"] = int(span["flags"] or 0)
    return span


def _camel(value: Any) -> Any:
    """The same with field names like traceId instead of trace_id; attribute names are values, not fields."""
    if isinstance(value, dict):
        return {_camel_name(str(name)): _camel(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_camel(item) for item in value]
    return value


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others) if first and "." not in name else name


def _hexadecimal(text: str, size: int) -> str:
    if len(text) == 2 * size and _is_hexadecimal(text):
        return text
    if size == 16 and len(text) == size and _is_hexadecimal(text):
        return text.zfill(2 * size)  # ids of traces once had 64 bits
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if "-" in text or "_" in text else None,
                            validate=True)  # fmt: skip
    if len(data) != size:
        raise ValueError(f"not an id of {size} bytes")
    return data.hex()


def _repair_times(item: dict[str, Any]) -> None:
    for name in _TIMES:
        value = item.get(name)
        if isinstance(value, dict):  # as protobufjs writes a Long
            item[name] = (int(value["high"]) << 32) + (int(value["low"]) & 0xFFFF_FFFF)
        elif isinstance(value, float):
            item[name] = int(value)
        elif isinstance(value, str) and not value.lstrip("-").isdigit():
            item[name] = int(float(value))


def _key_values(attributes: Any) -> list[dict[str, Any]]:
    """A list of `KeyValue`, also where a plain object of names and values was written."""
    if isinstance(attributes, dict):
        return [{"key": str(key), "value": _any_value(value)} for key, value in attributes.items()]
    return attributes if isinstance(attributes, list) else []


def _any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any_value(item) for item in value]}}
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).endswith("Value"):
        return value
    return {"stringValue": value if isinstance(value, str) else str(value)}
