"""ScriptValidator: syntax, security and tests of a script, without ever executing it.

A script of the exact form is data, so its properties are checked here with our own code: the same ones that
its test file checks under pytest. Any other script is only read (security_lint) and never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from telemetry_inject.engine.edits import revert
from telemetry_inject.errors import InvariantError
from telemetry_inject.scripts.sandbox_backend import one_line
from telemetry_inject.scripts.script_format import ScriptRefused, apply, check_digests, recognise
from telemetry_inject.scripts.security_lint import lint
from telemetry_inject.types import Insertion, Problem, Script

AllowedFragment = Callable[[bytes], bool]
ChecksOutput = Callable[[bytes, bytes], list[Problem]]


class ScriptValidator:
    """Validates scripts of one language.

    `allowed_fragment` tells whether a text was rendered from a trusted template. `checks_output` gets the
    function without and with telemetry and says what the language's own parser has against it; where the
    script's origin is not trusted, it must also prove that both are the same program but for our nodes.
    Both may be left out for edits that were rendered in this process and whose whole file is checked later.
    """

    def __init__(
        self, allowed_fragment: AllowedFragment | None = None, checks_output: ChecksOutput | None = None
    ) -> None:
        self._allowed_fragment = allowed_fragment
        self._checks_output = checks_output

    @property
    def complete(self) -> bool:
        """Whether it has both checks, so that it can judge edits of unknown origin."""
        return self._allowed_fragment is not None and self._checks_output is not None

    def validate(self, script: bytes, source: bytes) -> list[Problem]:
        """All that is wrong with `script` for the function `source`; empty only for the exact form."""
        exact = recognise(script)
        if exact is None:
            return [
                Problem("form", "the script is not of the exact form: it is never run here"),
                *lint(script),
            ]
        return self.check(exact, source)

    def check(self, script: Script, source: bytes, output: bytes | None = None) -> list[Problem]:
        """All that is wrong with a script of the exact form for the function `source`.

        `output` may give what the script makes of it; that is proved then, and not computed again.
        """
        problems = [*self.security(script.edits), *_tests(script, source, output)]
        if not problems and self._checks_output is not None:
            problems = list(self._checks_output(source, apply(script, source)))
        return problems

    def security(self, edits: Sequence[Insertion]) -> list[Problem]:
        """One problem for each inserted text that is neither indent nor from a trusted template."""
        allowed = self._allowed_fragment
        if allowed is None:
            return []
        return [
            Problem("security", f"byte {offset}: no template gives the text {one_line(ascii(text))}")
            for offset, text in edits
            if text.strip(b" \t") and not allowed(text)
        ]


def _tests(script: Script, source: bytes, output: bytes | None) -> list[Problem]:
    """What the generated tests check. Some of it in one step: `apply` takes a text for source or output only by
    its digest, so it refuses every other function, and gives its own output back as it is. And only what the
    edits make of the source gives the source again when they are taken out."""
    try:
        if output is None:
            output = apply(script, source)
        else:
            check_digests(script, source, output)
    except ScriptRefused as error:
        return [Problem("applies", error.title)]
    if output == source and script.edits:
        return [Problem("applies", "the function has its telemetry already")]
    try:
        if revert(output, script.edits) != source:
            return [Problem("reverts", "removing the insertions does not give the source")]
    except InvariantError as error:
        return [Problem("sites", error.title)]
    return []
