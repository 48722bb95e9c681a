"""Takes what looks like a secret out of a text, for the rare case that a person asks to see a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMED = re.compile(
    r"""((?:pass(?:word|wd|phrase)?|secret|token|api_?key|credential|auth\w*|private_?key)\w*["']?\s*(?::=|=>|[:=])\s*)"""
    r"""(?:"[^"\n]*"|'[^'\n]*'|`[^`]*`)""",
    re.IGNORECASE,
)
_SHAPED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with stars for known secrets, for values of names like password, and for what is shaped like a key."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _SHAPED.sub("***", _NAMED.sub(r"\1***", text))
