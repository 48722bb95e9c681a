"""The suites that there are: suites.toml for Python, suites-npm.toml for Node.js, suites-go.toml for Go."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from typing import Any

from go_library import GoLibrarySuite, GoProgramsSuite
from go_suite import GoSuite
from npm_suite import NpmSuite
from projects import HERE, Suite
from python_suite import PythonSuite

LANGUAGES = {"python": "Python", "npm": "JavaScript and TypeScript", "go": "Go"}
"""What a language is called on the command line, and on the page."""


def load_suites(names: Sequence[str]) -> list[Suite]:
    """The suites with these names or of these languages (`python`, `npm`, `go`), or all.

    Raises:
        SystemExit: there is nothing of a name.
    """
    every = [*_python(), *_npm(), *_go()]
    known = [*LANGUAGES, *(suite.name for suite in every)]
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no suite named {', '.join(unknown)}; there are: {', '.join(known)}")
    wanted = {*names, *(LANGUAGES[name] for name in names if name in LANGUAGES)}
    return [suite for suite in every if not wanted or wanted & {suite.name, suite.language}]


def _python() -> list[Suite]:
    data = _read("suites.toml")
    suites: list[Suite] = []
    for entry in data["suite"]:
        pytest = entry.pop("pytest", data["pytest"])
        suites.append(PythonSuite(**entry | {"requires": [f"pytest=={pytest}", *entry.get("requires", [])]}))
    return suites


def _npm() -> list[Suite]:
    data = _read("suites-npm.toml")
    return [NpmSuite(**{"date": data["date"], **entry}) for entry in data["suite"]]


def _go() -> list[Suite]:
    kinds = {"module": GoSuite, "library": GoLibrarySuite, "programs": GoProgramsSuite}
    return [kind(**entry) for name, kind in kinds.items() for entry in _read("suites-go.toml").get(name, [])]


def _read(name: str) -> dict[str, Any]:
    with (HERE / name).open("rb") as file:
        return tomllib.load(file)
