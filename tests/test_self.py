"""The tool instruments itself: what comes out gives the same bytes, and its own spans make sense."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from examples_support import ROOT, call, need

from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import load_spans

need("node", "go")

SOURCES = ROOT / "src"
EXAMPLES = ("market_analyser", "order_service_js", "rate_limiter_ts", "inventory_go", "mixed")


def tool(sources: Path, folder: Path, *arguments: str | Path, **environment: str) -> str:
    """Run the tool from `sources` in `folder`; what it says without the time it took."""
    command = [sys.executable, "-m", "telemetry_inject", *arguments, "--use-scripts", "--isolated", "--json"]
    done = call(command, folder, PYTHONPATH=str(sources), **environment)
    assert (done.code, done.err) == (0, ""), done.err
    said = json.loads(done.out)
    said["totals"].pop("seconds")
    return json.dumps(said)


def written(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=["function", "flow", "full"])
def instrumented(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tool's own package with telemetry, at each level."""
    room = tmp_path_factory.mktemp("self")
    place = room / "src"
    flags = ("--all-functions", "--level", str(request.param), "--include", "*.py", "--exclude", "cases/", "-o", place)
    told = json.loads(tool(SOURCES, room, SOURCES, *flags))
    assert told["totals"]["functions_instrumented"] > 1000
    return place


def test_the_instrumented_tool_writes_the_same_bytes(instrumented: Path, tmp_path: Path) -> None:
    spans = tmp_path / "spans.jsonl"
    for example in EXAMPLES:
        results = []
        for sources, name in ((SOURCES, "plain"), (instrumented, "traced")):
            room = tmp_path / name / example
            room.mkdir(parents=True)
            said = tool(sources, room, ROOT / "examples" / example, "-o", "out", TELEMETRY_INJECT_FILE=str(spans))
            results.append((said, written(room / "out")))
        assert results[0] == results[1], example
    found = [span.name for span in load_spans([spans])]
    assert {"entry_point", "instrument", "Worker.process", "ScriptCache.commit"} <= set(found)
    assert check_spans([spans]) == []
