"""What the runtime helper costs: one call bare, switched off, recorded, and as a span of the OpenTelemetry SDK.

Prints nanoseconds a call, the overhead over the bare call, and its ratio to the helper's; all in one run, each the
best of several rounds taken in turns, because machines are noisy and ratios are what can be compared.

    python benchmarks/runtime_overhead.py [rounds]
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from runtime_overhead_table import Cost, print_costs

HELPER = Path(__file__).parents[1] / "src/telemetry_inject/packs/python/runtime/_telemetry_inject.py"
CALLS = 20_000
FUNCTIONS = """
def call(x):
    with _tlm("call"):
        return x + 1

def flow(x):
    with _tlm("flow") as _tlm_s:
        if x:
            _tlm_s.branch("if+1")
        return x + 1

def full(x):
    with _tlm("full", x=x) as _tlm_s:
        y = x + 1; _tlm_s.assign(y=y)
        return _tlm_s.returns((y), _tlm_s)

def numbers(x):
    with _tlm("numbers"):
        yield x
"""


def load_helper(name: str, **environment: str) -> ModuleType:
    """A copy of the helper of its own, as configured by the environment given."""
    os.environ.update(environment)
    sys.modules.pop("_telemetry_inject", None)
    specification = importlib.util.spec_from_file_location(name, HELPER)
    assert specification and specification.loader
    sys.modules[name] = module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for key in environment:
        del os.environ[key]
    return module


def instrumented(helper: ModuleType) -> dict[str, Callable[[int], object]]:
    """The functions above, reporting to this helper."""
    namespace = {"__name__": "bench", "_tlm": helper._tlm}
    exec(compile(FUNCTIONS, "bench.py", "exec"), namespace)
    return namespace


def with_sdk() -> dict[str, Callable[[int], object]]:
    """The same by hand, with the OpenTelemetry SDK and a batch processor that exports to nowhere."""
    try:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    except ImportError:
        return {}

    class Nowhere(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    tracer = provider.get_tracer("bench")

    def block(x: int) -> int:
        with tracer.start_as_current_span("block"):
            return x + 1

    @tracer.start_as_current_span("decorated")
    def decorated(x: int) -> int:
        return x + 1

    return {"OpenTelemetry SDK, with block": block, "OpenTelemetry SDK, decorator": decorated}


def bare(x: int) -> int:
    return x + 1


def bare_generator(x: int) -> object:
    yield x


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        off = instrumented(load_helper("_tlm_off", TELEMETRY_INJECT_DISABLED="true"))
        keep = {"TELEMETRY_INJECT_FILE": folder + "/{pid}.jsonl"}
        helper = load_helper("_tlm_recorded", **keep)
        helper._deliver = lambda: helper._state.pending.clear()  # formatting and writing left out
        on = instrumented(helper)
        writing = instrumented(load_helper("_tlm_written", **keep))
        cases: dict[str, tuple[Callable[[int], object], str, Callable[[int], object]]] = {
            "switched off": (off["call"], "run(1)", bare),
            "level function, recorded": (on["call"], "run(1)", bare),
            "level function, recorded and written": (writing["call"], "run(1)", bare),
            "level flow, one branch": (on["flow"], "run(1)", bare),
            "level full, one argument, assignment, result": (on["full"], "run(1)", bare),
            "generator, one item": (on["numbers"], "list(run(1))", bare_generator),
        }
        cases |= {name: (function, "run(1)", bare) for name, function in with_sdk().items()}
        best: dict[str, float] = {}
        for _ in range(rounds):
            for name, (function, statement, base) in cases.items():
                helper._state.due = 1 << 63
                for key, run in ((name, function), (name + "/bare", base)):
                    seconds = timeit.timeit(statement, globals={"run": run}, number=CALLS)
                    best[key] = min(best.get(key, 1e9), seconds / CALLS * 1e9)
    costs = {name: Cost(name, best[name], best[name + "/bare"]) for name in cases}
    title = f"Python {sys.version.split()[0]}, best of {rounds} rounds of {CALLS} calls"
    print_costs("python", title, list(costs.values()), costs["level function, recorded"])


if __name__ == "__main__":
    main()
