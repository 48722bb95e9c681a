"""--check-api: whether the provider that is set up works, step by step, ending with a real answer in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from telemetry_inject.errors import ExitCode, TelemetryInjectError
from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.cost_report import cost_words
from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.errors import Truncated
from telemetry_inject.llm.prompts import load_prompt
from telemetry_inject.report.terminal import painted, printable

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["ready"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
MOST_OUTPUT = 1024  # models that think first need room for it
LIST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried; `detail` says how it went, `help_text` what to do when it failed."""

    name: str
    passed: bool
    detail: str
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class ApiReport:
    """All steps up to the first that failed, and the exit code that says so."""

    choice: Choice
    model: str
    steps: tuple[Step, ...]
    exit_code: ExitCode
    cost: Decimal | None


def check_api(choice: Choice, client: ModelClient) -> ApiReport:
    """Try the address, the limits, and one small question; never raises for what it looks for."""
    steps = [Step("settings", True, f"{choice.provider}, {client.model}, {choice.address} ({choice.why})")]
    code = ExitCode.DONE
    try:
        steps.append(Step("address", True, client.provider.check(min(choice.timeout, LIST_SECONDS))))
        limits = client.limits
        steps.append(Step("limits", True, f"context {limits.context:,}, answers {limits.output:,} ({limits.source})"))
        steps.append(Step("answer", True, _asked(client)))
    except TelemetryInjectError as error:
        names = ("address", "limits", "answer")
        steps.append(Step(names[len(steps) - 1], False, error.title, error.help_text))
        code = error.exit_code
    total = client.tracker.total()
    return ApiReport(choice, client.model, tuple(steps), code, total.cost if total.known else None)


def _asked(client: ModelClient) -> str:
    prompt = load_prompt("check_api")
    try:
        client.ask(Question("check", prompt.messages({}), SCHEMA, MOST_OUTPUT, 64))
    except Truncated:
        return "a real answer, but cut: this model thinks at length"
    return f"a real answer that fits its schema, cost {cost_words(client.tracker.total())}"


def as_text(report: ApiReport, color: bool = False) -> str:
    """One line a step; help below the one that failed."""
    lines = []
    for step in report.steps:
        word, paint = ("ok", "green") if step.passed else ("failed", "red")
        lines.append(f"{painted(f'{word:<6}', paint, color)} {step.name}: {printable(step.detail)}")
        if step.help_text:
            lines.append(f"help: {printable(step.help_text)}")
    return "\n".join(lines)


def as_json(report: ApiReport) -> dict[str, Any]:
    """For scripts."""
    return {
        "provider": report.choice.provider,
        "address": report.choice.address,
        "model": report.model,
        "ok": report.exit_code == ExitCode.DONE,
        "exit_code": int(report.exit_code),
        "cost_usd": None if report.cost is None else float(report.cost),
        "steps": [
            {"name": step.name, "ok": step.passed, "detail": step.detail, "help": step.help_text}
            for step in report.steps
        ],
    }
