"""The schema in words, for servers that do not show it to the model or do not enforce it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from telemetry_inject.llm.types import Message, Schema

_WORDS = """\

Answer with one JSON object and nothing else: no words around it, no code fence. It must fit this JSON schema:
{schema}"""


def schema_words(schema: Schema) -> str:
    """What is added to the prompt; it counts for the bound of the input."""
    return _WORDS.format(schema=json.dumps(schema, ensure_ascii=False, separators=(",", ":")))


def with_schema(messages: Sequence[Message], schema: Schema) -> list[Message]:
    """The messages, the last of the user's with the schema at its end."""
    result = list(messages)
    for index in range(len(result) - 1, -1, -1):
        if result[index].role == "user":
            result[index] = Message("user", result[index].text + "\n" + schema_words(schema))
            return result
    return [*result, Message("user", schema_words(schema).lstrip())]
