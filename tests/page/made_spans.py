"""Writes span files that no example gives: as many spans as wanted, hostile ones, broken ones."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BEGIN = 1_760_000_000_000_000_000


def value(raw: Any) -> dict[str, Any]:
    """An OTLP `AnyValue`."""
    if isinstance(raw, bool):
        return {"boolValue": raw}
    if isinstance(raw, int):
        return {"intValue": str(raw)}
    if isinstance(raw, float):
        return {"doubleValue": raw}
    return {"stringValue": raw}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(raw)} for key, raw in attributes.items()]


def span(
    number: int, name: str, start: int, end: int, parent: int = 0, *, trace: int = 1, error: str = "",
    attributes: dict[str, Any] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A span that runs from `start` to `end`, nanoseconds after the recording began; `end` None: it never ended."""
    made = {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "flags": 257,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(BEGIN + start),
        "endTimeUnixNano": str(BEGIN + end),
        "attributes": pairs({"code.function.name": f"app.{name}", **(attributes or {})}),
    }
    if parent:
        made["parentSpanId"] = f"{parent:016x}"
    if error:
        event = pairs({"exception.type": "ValueError", "exception.message": error})
        made["events"] = [{"timeUnixNano": str(BEGIN + end), "name": "exception", "attributes": event}]
        made["status"] = {"code": 2}
    return made | more


def line(spans: list[dict[str, Any]], pid: int = 1, service: str = "app", scope: dict[str, Any] | None = None) -> str:
    resource = {"service.name": service, "telemetry.sdk.language": "python", "process.pid": pid}
    batch = {"scope": {"name": "telemetry-inject", "attributes": pairs(scope or {})}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": pairs(resource)}, "scopeSpans": [batch]}]}) + "\n"


def write(path: Path, spans: list[dict[str, Any]], **about: Any) -> Path:
    path.write_text(line(spans, **about), "utf-8")
    return path


def write_many(path: Path, count: int, seed: int = 7) -> Path:
    """A run of four threads: requests that call some of 300 functions, one in a thousand calls fails."""
    dice = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        before, after = line([]).rsplit("[]", 1)
        for batch in _batches(_requests(dice, count), 2_000):
            file.write(f"{before}[{','.join(batch)}]{after}")
    return path


def _batches(spans: Iterable[str], size: int) -> Iterable[list[str]]:
    held: list[str] = []
    for each in spans:
        held.append(each)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


def _requests(dice: random.Random, count: int) -> Iterable[str]:
    clocks = [0] * 4
    made = trace = 0
    while made < count:
        trace += 1
        thread = min(range(4), key=clocks.__getitem__)
        todo = [(0, 0, clocks[thread])]  # parent, depth, start
        found: list[dict[str, Any]] = []
        clock = clocks[thread]
        stack: list[tuple[dict[str, Any], int]] = []
        wanted = min(dice.randint(20, 400), count - made)
        while len(found) < wanted:
            parent, depth, _ = todo.pop() if todo else (found[0]["number"], 1, clock)
            while len(stack) > depth:
                stack.pop()[0]["end"] = clock
            clock += dice.randint(200, 20_000)
            number = made + len(found) + 1
            found.append(
                {"number": number, "parent": parent, "start": clock, "end": clock, "function": dice.randrange(300)}
            )
            stack.append((found[-1], depth))
            clock += dice.randint(500, 60_000)
            todo += [(number, depth + 1, clock)] * (dice.randint(0, 3) if depth < 14 else 0)
        while stack:
            clock += dice.randint(100, 3_000)
            stack.pop()[0]["end"] = clock
        clocks[thread] = clock + dice.randint(1_000, 400_000)
        made += len(found)
        for each in reversed(found):
            yield _text(each, thread, trace, dice)


def _text(each: dict[str, Any], thread: int, trace: int, dice: random.Random) -> str:
    """As `span` makes it, but fast."""
    function = each["function"]
    error = (
        ',"status":{"code":2},"events":[{"name":"exception","timeUnixNano":"0","attributes":['
        '{"key":"exception.type","value":{"stringValue":"KeyError"}}]}]'
    )
    return (
        f'{{"traceId":"{trace:031x}7","spanId":"{_spread(each["number"])}",'
        f'"parentSpanId":"{_spread(each["parent"]) if each["parent"] else ""}","flags":257,"kind":1,'
        f'"name":"function_{function}","startTimeUnixNano":"{BEGIN + each["start"]}",'
        f'"endTimeUnixNano":"{BEGIN + each["end"]}","attributes":['
        f'{{"key":"code.function.name","value":{{"stringValue":"app.function_{function}"}}}},'
        f'{{"key":"code.file.path","value":{{"stringValue":"/srv/app/module_{function % 12}.py"}}}},'
        f'{{"key":"code.line.number","value":{{"intValue":"{10 + function * 7}"}}}},'
        f'{{"key":"thread.id","value":{{"intValue":"{thread}"}}}},'
        f'{{"key":"telemetry.arg.key","value":{{"stringValue":"item-{dice.randrange(5_000)}"}}}}]'
        f"{error if dice.random() < 0.001 else ''}}}"
    )


def _spread(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}"
