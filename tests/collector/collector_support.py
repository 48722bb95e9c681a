"""Starts the real collector, runs instrumented programs beside it, and compares what it and the helpers write."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for folder in ("tests", "tests/runtime_js"):
    sys.path.append(str(ROOT / folder))

from examples_support import CLEAN, Outcome  # noqa: E402

__all__ = ["CLEAN", "ROOT", "Collector", "Outcome", "Tree", "exact", "own_tree", "run", "sent_tree", "tree"]


@dataclass(frozen=True)
class Tree:
    """Spans as they were written, without what differs from run to run."""

    spans: list[dict[str, Any]] = field(repr=False)

    @property
    def shape(self) -> Counter[str]:
        """Each span with the way from its root, status, attributes and events -> how many there are."""
        by_id = {span["spanId"]: span for span in self.spans}
        return Counter(json.dumps([self._way(span, by_id), *_content(span)], sort_keys=True) for span in self.spans)

    @property
    def parents(self) -> dict[str, list[str]]:
        """Name -> names of the parents ("" for none), in order."""
        names = {span["spanId"]: span["name"] for span in self.spans}
        found: dict[str, list[str]] = {}
        for span in self.spans:
            found.setdefault(span["name"], []).append(names.get(span.get("parentSpanId", ""), ""))
        return {name: sorted(parents) for name, parents in found.items()}

    @property
    def traces(self) -> set[str]:
        return {span["traceId"] for span in self.spans}

    @staticmethod
    def _way(span: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> list[str]:
        way = [span["name"]]
        while parent := by_id.get(span.get("parentSpanId", "")):
            assert parent["traceId"] == span["traceId"]
            way.append(parent["name"])
            span = parent
        assert not span.get("parentSpanId"), f"the parent of {span['name']} is missing"
        return way


def exact(tree: Tree) -> list[str]:
    """Everything that spans hold, times and ids too, in one order and with one way to write what is empty."""
    found = []
    for span in tree.spans:
        plain = {key: value for key, value in span.items() if value not in ([], {}, "")}
        for holder in [plain, *plain.get("events", [])]:
            holder["attributes"] = sorted(holder.get("attributes", []), key=lambda item: str(item["key"]))
        found.append(json.dumps(plain, sort_keys=True))
    return sorted(found)


def _content(span: Mapping[str, Any]) -> list[Any]:
    events = [(event["name"], _values(event), "timeUnixNano" in event) for event in span.get("events", [])]
    times = int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    status = span.get("status", {}).get("code", 0)
    rest = [span["kind"], span.get("flags"), status, span.get("traceState", ""), span.get("droppedEventsCount", 0)]
    return [_values(span), events, times, rest, len(span.get("links", [])), span["resource"], span["scope"]]


def _values(holder: Mapping[str, Any]) -> dict[str, Any]:
    values = {item["key"]: item["value"] for item in holder.get("attributes", [])}
    assert len(values) == len(holder.get("attributes", []))
    return {key: value for key, value in values.items() if key not in ("thread.id", "process.pid")}


def tree(lines: Iterable[str]) -> Tree:
    """The spans of OTLP/JSON lines."""
    spans = []
    for line in lines:
        for resource in json.loads(line, parse_int=float)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                about = {key: value for key, value in scope["scope"].items() if key != "attributes" or value}
                for span in scope["spans"]:
                    spans.append(span | {"resource": _values(resource["resource"]), "scope": about})
    assert len({span["spanId"] for span in spans}) == len(spans)
    return Tree(spans)


def own_tree(files: Iterable[Path]) -> Tree:
    """What helpers wrote to files."""
    return tree(line for file in files for line in file.read_text(encoding="utf-8").splitlines())


@dataclass
class Collector:
    """A collector that runs."""

    program: Path
    folder: Path
    config: Path = ROOT / "collector/config.yaml"
    scheme: str = "http"
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = self.port or free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    @property
    def file(self) -> Path:
        return self.folder / "collected.jsonl"

    def __enter__(self) -> Collector:
        settings = {"COLLECTOR_ENDPOINT": f"127.0.0.1:{self.port}", "COLLECTOR_FILE": str(self.file)}
        settings["COLLECTOR_LOG_LEVEL"] = "info"
        log = (self.folder / "collector.log").open("wb")
        command = [str(self.program), "--config", str(self.config)]
        self.process = subprocess.Popen(command, env=os.environ | settings | self.environment, stderr=log, stdout=log)
        for _ in range(600):  # it listens before it is ready, and then knows no signal yet
            said = (self.folder / "collector.log").read_text()
            if "Everything is ready" in said:
                return self
            assert self.process.poll() is None, said
            time.sleep(0.05)
        raise AssertionError("it is not ready")

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(timeout=20) == 0, (self.folder / "collector.log").read_text()

    def collected(self) -> Tree:
        """All that came; ends the collector, which writes everything then."""
        self.__exit__()
        return tree(self.file.read_text(encoding="utf-8").rstrip("\n").split("\n"))


def run(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> Outcome:
    """Run a program to its end, which has to be a good one."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=CLEAN | dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


def sent_tree(collector: Collector, command: Sequence[str | Path], cwd: Path, **environment: str) -> Tree:
    """What the collector writes of a program's spans."""
    with collector:
        run(command, cwd, {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **environment})
        return collector.collected()
