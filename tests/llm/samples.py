"""What the tests ask, of whom, and what it costs."""

from __future__ import annotations

from decimal import Decimal

from telemetry_inject.llm.client import Question
from telemetry_inject.llm.prices import flat
from telemetry_inject.llm.types import Message

PROVIDERS = ("openai", "anthropic", "ollama")
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-5-5", "ollama": "qwen2.5-coder:7b"}
KEY = "sk-test-0123456789abcdefghij"
SOURCE = "def transfer(account, amount): ledger.move(account, amount)"
SCHEMA = {
    "type": "object",
    "properties": {"anchor": {"type": "string", "enum": ["entry", "return1"]}},
    "required": ["anchor"],
    "additionalProperties": False,
}
GOOD = '{"anchor": "entry"}'
MESSAGES = (Message("system", "You name anchors."), Message("user", SOURCE))
QUESTION = Question("injection", MESSAGES, SCHEMA, max_output=1000, least_output=100)
PRICE = flat(Decimal(3), Decimal(15), "stated")  # dollars a million tokens
