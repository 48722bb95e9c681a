"""Why a function that is instrumented changes a test, most likely: from what the test said and what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN = "unknown"

_CODE = "co_(?:code|consts|names|varnames|flags|stacksize)"
_CERTAIN = {
    "recursion limit": (
        "RecursionError",
        "maximum recursion depth",
        "Maximum call stack",
        "stack overflow",
        "goroutine stack",
    ),
    "allocation": (
        r"\ballocs?\b",
        r"allocations?\b",
        "tracemalloc",
        "getsizeof",
        "MemoryError",
        "heap size",
        "memory usage",
    ),
    "source text": ("_tlm", "_telemetry_inject", "getsource", "source code", r"\.toString\(\)", "bytecode", _CODE),
}
_HELD = {
    "source text": ("getsource", r"\.toString\(", "__code__", _CODE, r"inspect\.", r"ast\.parse", "linecache"),
    "line number": (
        "_getframe", "currentframe", "f_lineno", "f_back", "lineno", "extract_stack", r"runtime\.Callers?",
        r"\.stack\b", "captureStackTrace", "stacklevel", r"warnings\.warn",
    ),
    "recursion limit": ("recursionlimit", "RecursionError"),
    "allocation": ("getrefcount", "getsizeof", "tracemalloc", r"\bgc\.", "weakref", r"sync\.Pool", r"unsafe\."),
    "timing": (
        "perf_counter", "monotonic", r"time\.time", r"time\.sleep", "setTimeout", r"performance\.now", r"Date\.now",
        r"time\.(?:Now|Since|After)",
    ),
    "context": (r"context\.Context", "ContextVar", "copy_context", "AsyncLocalStorage", "async_hooks"),
    "local names": (r"\blocals\(\)", r"\bvars\(\)", r"\beval\(", r"\bexec\("),
}  # fmt: skip
_SAID = {
    "timing": ("timed out", "[Tt]imeout of", "[Dd]eadline", "too slow", "took too long", "not within"),
    "line number": ("lineno", "line number", r"\bline \d+", "_getframe", r"runtime\.Caller"),
    "import": (
        "circular import",
        "partially initialized",
        r"sys\.modules",
        "ImportError",
        "ModuleNotFound",
        "Cannot find module",
    ),
}


def names_helper(reason: str) -> bool:
    """Whether a test's message has the helper's name as that of a module: not as a file, which is in stacks."""
    return re.search(r"(?<![\w/.])_telemetry_inject(?![\w.])", reason) is not None


def likely_cause(function: str, reasons: Iterable[str]) -> str:
    """One of a few words, or "unknown". `function` is the source of the function, `reasons` what the tests said.

    Some words of a test leave no doubt; then what the function does says more than the rest of a traceback.
    """
    said = "\n".join(reasons)
    for text, table in ((said, _CERTAIN), (function, _HELD), (said, _SAID)):
        for cause, patterns in table.items():
            if re.search("|".join(patterns), text):
                return cause
    return UNKNOWN
