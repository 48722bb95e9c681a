"""A real OpenTelemetry Collector writes of the same program what the helper writes to its file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from collector_support import Collector, Tree, exact, own_tree, run, sent_tree
from examples_support import ROOT, need, tool

pytestmark = pytest.mark.xdist_group("collector")
Collectors = Callable[..., Collector]

VALUES = {
    "python": {
        "values.py": """
import math, sys
class Wrong(Exception): pass
def values(count, share, name, password, items, big, nothing):
    total = count + share
    for item in items:
        if item > 1:
            total += item
    try:
        fail(name)
    except Wrong as error:
        seen = repr(error)
    return {"total": total, "seen": seen}
def fail(name):
    raise Wrong("\\u00fc\\u2028 \\U0001f600 " + name, 1)
def numbers(limit):
    for n in range(limit):
        yield n
def special(x, y, z, w):
    return -x
def main():
    values(3, 0.5, "na\\"me\\n\\\\", "hunter2", [1, 2, 3], 2 ** 200, None)
    special(math.nan, math.inf, -math.inf, -0.0)
    list(numbers(3))
    special(2 ** 63 - 1, -2 ** 63, True, "x" * 500)
main()
"""
    },
    "javascript": {
        "package.json": '{"name": "values", "type": "module"}',
        "values.js": """
class Wrong extends Error { constructor(m) { super(m); this.name = "Wrong"; } }
function values(count, share, name, password, items, big, nothing) {
  let total = count + share;
  for (const item of items) { if (item > 1) total += item; }
  let seen;
  try { fail(name); } catch (error) { seen = String(error.message); }
  return { total, seen };
}
function fail(name) { throw new Wrong("\\u00fc\\u2028 \\u{1f600} \\ud800 " + name); }
function* numbers(limit) { for (let n = 0; n < limit; n++) yield n; }
function special(x, y, z, w) { return -x; }
async function wait(n) { await null; return special(n, 1, 2, 3); }
async function main() {
  values(3, 0.5, 'na"me\\n\\\\', "hunter2", [1, 2, 3], 2n ** 200n, null);
  special(NaN, Infinity, -Infinity, -0);
  [...numbers(3)];
  special(Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300, "x".repeat(500));
  await Promise.all([wait(1), wait(2)]);
}
main();
""",
    },
    "go": {
        "go.mod": "module example.com/values\n\ngo 1.21\n",
        "main.go": """
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

func values(count int, share float64, name, password string, items []int, big uint64) (string, error) {
	total := float64(count) + share
	for _, item := range items {
		if item > 1 {
			total += float64(item)
		}
	}
	if err := fail(name); err != nil {
		return fmt.Sprint(total), fmt.Errorf("values: %w", err)
	}
	return "", nil
}

func fail(name string) error { return errors.New("\\u00fc\\u2028 \\U0001f600 \\xff " + name) }

func special(x, y, z, w float64, word string) float64 { return -x * fabs(y) }

func fabs(x float64) float64 {
	if x < 0 {
		return math.Abs(x)
	}
	return x
}

func panics(ctx context.Context) {
	defer func() { _ = recover() }()
	thrown(ctx)
}

func thrown(ctx context.Context) {
	defer fabs(-1)
	panic("on purpose")
}

func main() {
	_, _ = values(3, 0.5, "na\\"me\\n\\\\", "hunter2", []int{1, 2, 3}, math.MaxUint64)
	special(math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), strings.Repeat("x", 500))
	panics(context.Background())
}
""",
    },
}


@dataclass(frozen=True)
class Case:
    """A program: where it comes from, at which level, and how it is run."""

    command: tuple[str, ...]
    level: str
    example: str = ""
    values: str = ""
    build: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    steady: bool = True  # whether two runs give the same spans

    def make(self, room: Path) -> Path:
        """The folder of the instrumented program, built."""
        source, made = room / "source", room / "made"
        if self.example:
            shutil.copytree(ROOT / "examples" / self.example, source)
        for name, text in VALUES.get(self.values, {}).items():
            source.mkdir(exist_ok=True)
            (source / name).write_text(text, encoding="utf-8")
        common = ("--use-scripts", "--all-functions", "--level", self.level, "--cache-dir", room / "cache")
        tool(source, *common, "-o", made, cwd=room)
        if self.build:
            subprocess.run(self.build, cwd=made, check=True)
        return made

    def words(self) -> list[str]:
        return [word.replace("{python}", sys.executable) for word in self.command]


GO_BUILD = ("go", "build", "-o", "program", "-tags", "telemetry_http", ".")
CASES = {
    "Python example": Case(("{python}", "-m", "market_analyser", "data"), "flow", example="market_analyser"),
    "Python values": Case(("{python}", "values.py"), "full", values="python"),
    "Node example": Case(
        ("node", "src/main.js", "data/orders.json"), "flow", "order_service_js", needs=("node",), steady=False
    ),
    "Node values": Case(("node", "values.js"), "full", values="javascript", needs=("node",)),
    "Go example": Case(("./program", "plan", "data/stock.csv"), "flow", "inventory_go", build=GO_BUILD, steady=False),
    "Go values": Case(("./program",), "full", values="go", build=GO_BUILD),
}


@pytest.mark.parametrize("name", CASES)
def test_the_collector_writes_what_the_helper_writes(name: str, collector: Collectors, tmp_path: Path) -> None:
    case = CASES[name]
    need(*case.needs)
    made = case.make(tmp_path)
    run(case.words(), made, {"OTEL_SERVICE_NAME": "same"})
    own = own_tree(made.glob("telemetry/*.jsonl"))
    assert len(own.spans) > 3
    with collector() as running:  # the same spans: all that they hold
        for file in made.glob("telemetry/*.jsonl"):
            for line in file.read_bytes().splitlines():
                request = urllib.request.Request(running.url + "/v1/traces", line, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert answer.status == 200
        assert exact(running.collected()) == exact(own)
    plain = {"OTEL_SERVICE_NAME": "same"}
    zipped = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "7"}
    for settings in (plain, plain | zipped):  # another run, sent
        running.file.unlink()
        sent = sent_tree(collector(), case.words(), made, **settings)
        if case.steady:
            assert len(sent.spans) == len(own.spans) and sent.shape == own.shape
        else:
            assert set(sent.parents) == set(own.parents)
    assert len(list(made.glob("telemetry/*.jsonl"))) == 1


def test_three_services_are_one_trace_there_too(collector: Collectors, tmp_path: Path) -> None:
    need("node")
    case = Case(("{python}", "run.py"), "function", example="three_services")
    made = case.make(tmp_path)
    run(case.words(), made, {"TELEMETRY_INJECT_PROPAGATE": "true"})
    own = own_tree(made.glob("telemetry/*.jsonl"))
    sent = sent_tree(collector(), case.words(), made, TELEMETRY_INJECT_PROPAGATE="true")
    assert len(sent.traces) == len(own.traces) == 1
    assert _without(sent, "stop_at_end_of_input") == _without(own, "stop_at_end_of_input")


def _without(tree: Tree, name: str) -> dict[str, list[str]]:
    """Parents by name, without a thread that may or may not see the end."""
    return {span: parents for span, parents in tree.parents.items() if span != name}
