"""Where failing scripts are repaired: the interface that a model-backed refactorer implements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from telemetry_inject.types import Problem, Unit


class ScriptRefactorer(Protocol):
    """Proposes another script for a function whose script failed."""

    def refactor(self, script: bytes, problems: Sequence[Problem], unit: Unit) -> bytes | None:
        """Another script for `unit`, in the light of `problems`; None to give up.

        The proposal is foreign, whoever made it: it goes through `acceptance.accept_foreign` or nowhere.
        """
        ...


class NoRefactorer:
    """Repairs nothing: the failing function is left as it was and reported."""

    def refactor(self, script: bytes, problems: Sequence[Problem], unit: Unit) -> bytes | None:
        """Give up."""
        return None
