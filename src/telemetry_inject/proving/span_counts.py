"""How many spans a run has written, and how often each function was called in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Calls = dict[str, list[float]]
"""By `path:name`: how many calls were recorded, and their own time together, in seconds."""


def count_calls(folder: Path, root: Path, count: bool) -> tuple[int, Calls]:
    """The number of spans in the files of `folder`; with `count`, also the calls of each function below `root`."""
    spans = 0
    calls: Calls = {}
    real = os.path.realpath(root)
    for file in sorted(folder.rglob("*.jsonl*")) if folder.is_dir() else ():
        with file.open("rb") as lines:
            for line in lines:
                spans += line.count(b'"spanId":')
                if count:
                    _add(line, (str(root), real), calls)
    return spans, calls


def _add(line: bytes, roots: tuple[str, ...], calls: Calls) -> None:
    try:
        found = list(_spans(json.loads(line)))
    except (ValueError, AttributeError, TypeError, KeyError):
        return  # cut off when the process was ended
    inner: dict[str, int] = {}
    for span in found:
        parent = span.get("parentSpanId") or ""
        inner[parent] = inner.get(parent, 0) + _duration(span)
    for span in found:
        attributes = {each["key"]: each["value"].get("stringValue", "") for each in span.get("attributes", ())}
        path = attributes.get("code.file.path", "")
        root = next((root for root in roots if path.startswith(root + os.sep)), None)
        if root is None:
            continue
        entry = calls.setdefault(f"{path[len(root) + 1 :]}:{span['name']}", [0, 0.0])
        entry[0] += 1
        entry[1] += max(0, _duration(span) - inner.get(span["spanId"], 0)) / 1e9


def _spans(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def _duration(span: dict[str, Any]) -> int:
    return max(0, int(span.get("endTimeUnixNano", 0)) - int(span.get("startTimeUnixNano", 0)))
