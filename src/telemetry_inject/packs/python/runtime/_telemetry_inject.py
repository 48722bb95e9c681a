# SPDX-License-Identifier: Apache-2.0
# mypy: ignore-errors
# ruff: noqa
"""The runtime helper of telemetry-inject: OpenTelemetry spans without a dependency.

telemetry-inject copied this file into your tree; the functions that it instrumented import `_tlm` from here.

Where spans go, decided at import:
    to the program's own OpenTelemetry SDK as soon as it has configured one; spans of both nest in each other;
    else to `telemetry/<service>-<pid>.jsonl` under the working directory, as OTLP/JSON lines, readable by any
    OTLP tool; TELEMETRY_INJECT_FILE names another file ("{pid}" and "{service}" are filled in);
    or by OTLP/HTTP (JSON) if OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
    OTEL_TRACES_EXPORTER=otlp is set, the protocol is not grpc, and TELEMETRY_INJECT_FILE is not set.
To switch it off: TELEMETRY_INJECT_DISABLED=true, OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none.
What else it reads: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER(_ARG), OTEL_BSP_*,
    OTEL_EXPORTER_OTLP_*, and TELEMETRY_INJECT_MAX_BYTES (of one file; 256 MiB).
Whose trace it continues: that of TRACEPARENT and TRACESTATE, and that of the request which is answered (WSGI, ASGI,
    http.server), unless OTEL_PROPAGATORS leaves out tracecontext. TELEMETRY_INJECT_PROPAGATE=true sends the trace on,
    by http.client, httpx and aiohttp, and to child processes.
What it promises: never to raise into the program, never to print, to keep no frame, exception or object of the
    program. What can't be delivered is dropped and counted in the scope's attribute `telemetry.dropped_spans`.
What is lost: spans are written when 512 have ended, when one ends a second or more after the last write, and
    at exit. os._exit, os.exec*, a crash, SIGKILL and an unhandled SIGTERM lose those not yet written. Forked
    children mostly leave through os._exit, so they write whenever their outermost span ends.

It imports nothing but built-in and C modules, so that the standard library itself can be instrumented.
"""

import sys
# Bound here, because a program may replace one of them by a function that is itself instrumented.
from builtins import (
    abs, all, any, bool, bytes, dict, filter, float, frozenset,
    getattr, globals, hasattr, int, isinstance, issubclass, iter, len, list, max,
    min, next, object, range, repr, round, set, str, tuple, type,
    AttributeError, BaseException, Exception, FileNotFoundError, ImportError, IndexError, KeyError, OSError, RecursionError,
    RuntimeError, StopAsyncIteration, StopIteration, ValueError,
)
from _collections import OrderedDict
from _contextvars import ContextVar
from _json import encode_basestring_ascii as _quote
from _random import Random
from _thread import allocate_lock, get_ident, start_new_thread
from _weakref import ref
from atexit import register
from itertools import islice
from time import perf_counter_ns, time_ns

try:
    import posix as _platform
except ImportError:  # Windows
    import nt as _platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")

    def _tlm(site: str, /, **arguments: Any) -> "_Span": ...


VERSION = "0.1.0"
PROTOCOL = 1  # between copies of this file
_DRIFT = 50_000_000  # nanoseconds between the clocks before the time of day is believed anew
_TEXT, _ITEMS, _LABELS, _EVENTS, _FRAMES = 120, 10, 100, 128, 32  # bounds of what one span holds


class _native:
    """Built-in functions, where tools that replace those in the namespaces of modules don't find them."""

    open, write, close, fstat = _platform.open, _platform.write, _platform.close, _platform.fstat
    mkdir, getpid, urandom = _platform.mkdir, _platform.getpid, _platform.urandom
    clock, wall = perf_counter_ns, time_ns
    truncate, pipe = getattr(_platform, "ftruncate", None), getattr(_platform, "pipe", None)
    flags = _platform.O_WRONLY | _platform.O_CREAT | _platform.O_APPEND
    for _name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY", "O_NOINHERIT"):
        flags |= getattr(_platform, _name, 0)


# ---- Settings -----------------------------------------------------------------------------------------------

_environ = getattr(sys.modules.get("os"), "environ", None)  # may have been changed since the start
if _environ is None:
    _environ = [(x, y) if isinstance(x, str) else (x.decode(), y) for x, y in _platform.environ.items()]
    _environ = {x: y if isinstance(y, str) else y.decode("utf-8", "replace") for x, y in _environ}


def _encodable(text):
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _setting(*names, default=""):
    """The first that is set and not empty, of variables or, for `OTLP_...`, of those of traces before all."""
    for name in names:
        otlp = "OTEL_EXPORTER_OTLP_"
        for variable in (otlp + "TRACES_" + name[5:], otlp + name[5:]) if name.startswith("OTLP_") else (name,):
            value = _environ.get(variable, "").strip()
            if value:
                return value
    return default


def _number(name, default):
    value = _setting(name)
    return int(value) if value.isdigit() and value.isascii() else default


def _unquote(text):
    first, *rest = text.split("%")
    return b"".join([first.encode()] + [bytes((int(x[:2], 16),)) + x[2:].encode() for x in rest]).decode()


def _pairs(text):
    """Read `key=value,...` with percent-encoding; one mistake discards all, as the specification wants."""
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    try:
        return {_unquote(key.strip()): _unquote(value.strip()) for key, _, value in pairs if key.strip()}
    except ValueError:
        return {}


def _remote_parent(parent, state):
    """(trace id, span id, sampled, tracestate) as W3C Trace Context writes them; None where it breaks the rules."""
    fields = parent.strip(" \t").split("-")
    if [len(x) for x in fields[:4]] != [2, 32, 16, 2] or set("".join(fields[:4])) - set("0123456789abcdef"):
        return None
    version, trace, span, flags = (int(field, 16) for field in fields[:4])
    valid = version != 255 and trace and span and (version or len(fields) == 4)
    return (trace, span, bool(flags & 1), _vendors(state)) if valid else None


def _vendors(state):
    """A tracestate without its empty entries; nothing if one of the others is wrong."""
    entries, seen = [x for x in [entry.strip(" \t") for entry in state.split(",")] if x], set()
    for entry in entries:
        key, sign, value = entry.partition("=")
        plain = key.isascii() and key[:1].isalnum() and key == key.lower() and len(key) <= 256
        plain = plain and all(x.isalnum() or x in "_-*/@" for x in key) and key not in seen
        if not plain or not value or len(value) > 256 or not all(" " <= x <= "~" and x != "=" for x in value):
            return ""
        seen.add(key)
    return ",".join(entries) if len(entries) <= 32 else ""


def _sampler():
    """(whether it follows the parent, bound); a trace is kept if the low half of its id is below the bound."""
    name = _setting("OTEL_TRACES_SAMPLER").lower()
    rule = name[12:] if name.startswith("parentbased_") else name
    try:
        ratio = float(_setting("OTEL_TRACES_SAMPLER_ARG", default="1"))
    except ValueError:
        ratio = 1.0
    ratios = {"always_on": 1.0, "always_off": 0.0, "traceidratio": ratio if 0 <= ratio <= 1 else 1.0}
    return rule != name or rule not in ratios, round(ratios.get(rule, 1.0) * 2**64)


def _resource():
    program = (sys.executable or "python").replace("\\", "/").rpartition("/")[2]
    attributes = {"service.name": "unknown_service:" + program}
    attributes.update(_pairs(_setting("OTEL_RESOURCE_ATTRIBUTES")))
    attributes["service.name"] = _setting("OTEL_SERVICE_NAME") or attributes["service.name"]
    sdk = {"name": "telemetry-inject", "language": "python", "version": VERSION}
    attributes.update(("telemetry.sdk." + key, value) for key, value in sdk.items())
    return {_encodable(key): _encodable(value) for key, value in attributes.items()}


def _endpoint():
    """The URL to send spans to, or "" to write them to a file."""
    if _setting("TELEMETRY_INJECT_FILE") or _setting("OTLP_PROTOCOL") == "grpc":
        return ""
    exact = _setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if exact:
        return exact if "/" in exact.partition("://")[2] else exact + "/"
    asked = "otlp" in _setting("OTEL_TRACES_EXPORTER").replace(" ", "").split(",")
    base = _setting("OTEL_EXPORTER_OTLP_ENDPOINT", default="http://localhost:4318" if asked else "")
    return base and base.rstrip("/") + "/v1/traces"


def _absolute(path):
    return path if path[:1] in ("/", "\\", "<") or path[1:2] == ":" else _folder + "/" + path


_off = "true" in [_setting(x).lower() for x in ("TELEMETRY_INJECT_DISABLED", "OTEL_SDK_DISABLED")]
_off = _off or _setting("OTEL_TRACES_EXPORTER").lower() == "none"
_propagates = "tracecontext" in _setting("OTEL_PROPAGATORS", default="tracecontext").replace(" ", "").split(",")
_remote = _remote_parent(_setting("TRACEPARENT"), _setting("TRACESTATE")) if _propagates else None
(_follows_parent, _bound), _attributes, _url = _sampler(), _resource(), _endpoint()
_QUEUE = max(1, _number("OTEL_BSP_MAX_QUEUE_SIZE", 2048))
_BATCH = min(_QUEUE, max(1, _number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)))
_DELAY = _number("OTEL_BSP_SCHEDULE_DELAY", 5000 if _url else 1000) * 1_000_000  # ns
_PATIENCE = min(_number("OTEL_BSP_EXPORT_TIMEOUT", 5000) / 1000, 3600)  # s that the exit may wait for the sender
_MAX_BYTES = _number("TELEMETRY_INJECT_MAX_BYTES", 256 << 20)
_gzip = _setting("OTLP_COMPRESSION").lower() == "gzip"
_timeout, _authorities = min(_number("OTLP_TIMEOUT", 10_000) / 1000, 3600), _setting("OTLP_CERTIFICATE") or None
_certificate, _key = _setting("OTLP_CLIENT_CERTIFICATE"), _setting("OTLP_CLIENT_KEY") or None
_headers = {"Content-Type": "application/json", "User-Agent": "telemetry-inject-python/" + VERSION}
_headers.update({"Content-Encoding": "gzip"} if _gzip else {}, **_pairs(_setting("OTLP_HEADERS")))
try:
    _folder = _platform.getcwd()  # now: a later chdir does not move the file
except OSError:
    _folder = "."
_service = "".join(x if x.isalnum() or x in "-_." else "_" for x in _attributes["service.name"])[:80]
_path = _setting("TELEMETRY_INJECT_FILE", default="telemetry/{service}-{pid}.jsonl")
_path = _absolute(_path.replace("{service}", _service))


# ---- Values: short, of built-in types only, without secrets -------------------------------------------------

_REDACTED = "[redacted]"
_SECRET_NAMES = frozenset(("auth", "pwd", "pass", "pin", "otp", "ssn", "cvv", "cvc", "sid", "dsn"))
_SECRET_PARTS = (  # of names without separators; the first five also before a colon in running text
    "password", "passwd", "passphrase", "secret", "apikey", "token", "authorization", "cookie", "credential",
    "privatekey", "session", "accesskey", "signingkey", "encryptionkey", "bearer", "jwt", "creditcard", "cardnumber",
)  # fmt: skip
_SECRET_STARTS = (  # how keys and tokens begin, and how many letters follow at least
    ("eyJ", 20), ("AKIA", 16), ("ASIA", 16), ("AIza", 30), ("sk-", 20), ("sk_live_", 10), ("rk_live_", 10),
    ("ghp_", 20), ("gho_", 20), ("ghs_", 20), ("github_pat_", 20), ("glpat-", 16), ("xoxb-", 10), ("xoxp-", 10),
    ("bearer ", 8), ("Bearer ", 8), ("BEARER ", 8), ("-----BEGIN ", 3),
)  # fmt: skip
_module_of, _qualname_of = type.__dict__["__module__"].__get__, type.__dict__["__qualname__"].__get__
_arguments_of = BaseException.__dict__["args"].__get__


def _type_name(kind):
    """The full name of a class, without asking its metaclass."""
    names = [name for name in (_module_of(kind), _qualname_of(kind)) if type(name) is str and name != "builtins"]
    return _encodable(".".join(names))[: 2 * _TEXT]


def _plain(text):
    return "".join(filter(str.isalnum, text)).lower()


def _secret_name(name):
    plain = _plain(name[:_TEXT])
    return plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS)


def _secret_text(text):
    for start, length in _SECRET_STARTS:
        at = text.find(start)
        while at >= 0:
            tail = text[at + len(start) :][:length]
            whole = len(tail) == length and all(x.isalnum() or x in "-_.+/=" for x in tail)
            if whole and not text[at - 1 : at].isalnum():
                return True
            at = text.find(start, at + 1)
    rest = text.partition("://")[2]
    if ":" in rest.partition("@")[0] and "@" in rest.partition("/")[0]:
        return True  # user:password@host
    for sign in "=:":  # password=..., "token": "..."
        for name in text.split(sign, 20)[:-1]:
            sure = sign == "=" or name.rstrip()[-1:] in ('"', "'")
            if _plain(name[-24:]).endswith(_SECRET_PARTS if sure else _SECRET_PARTS[:5]):
                return True
    return False


def _clean(text, limit=_TEXT):
    """An exact str, without secrets, cut, and encodable."""
    if len(text) > 8 and _secret_text(text[: 4 * limit]):
        return _REDACTED
    return _encodable(text if len(text) <= limit else text[: limit - 1] + "\u2026")


def _item(value):
    """A value inside of a container, as text."""
    kind = type(value)
    if kind in (list, tuple, dict, set, frozenset):
        return "<%s of %d>" % (kind.__name__, len(value))
    shown = _shown(value)
    if kind is str and shown is not _REDACTED:
        return repr(shown if len(shown) <= 40 else shown[:39] + "\u2026")
    return shown if type(shown) is str else repr(shown)


def _shown(value):
    """A value as it may be recorded: bool, int, float or short text. Runs no code of the program."""
    kind = type(value)
    if kind is bool or kind is float or value is None:
        return "None" if value is None else value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else "<int of %d bits>" % value.bit_length()
    if kind is str or kind is bytes:
        return _clean(value if kind is str else repr(value[:_TEXT]))
    try:
        if kind is dict:
            items = [
                "%s: %s" % (_item(k), _REDACTED if type(k) is str and _secret_name(k) else _item(v))
                for k, v in list(islice(value.items(), _ITEMS))
            ]
        elif kind in (list, tuple, set, frozenset):
            items = [_item(x) for x in list(islice(value, _ITEMS))]
        else:
            return "<%s>" % _type_name(kind)
    except RuntimeError:  # changed by another thread meanwhile
        return "<%s>" % kind.__name__
    if len(value) > len(items):
        items.append("\u2026 %d more" % (len(value) - len(items)))
    text = ("[%s]" if kind is list else "(%s)" if kind is tuple else "{%s}") % ", ".join(items)
    return text if len(text) <= 2 * _TEXT else text[: 2 * _TEXT - 1] + "\u2026"


_keywords = {}  # name of a variable -> (as an attribute's name, whether its value is secret)


def _captured(prefix, values):
    shown = []
    for name, value in islice(values.items(), _EVENTS):
        if name not in _keywords:
            _keywords[name] = _encodable(name), _secret_name(name)
        key, secret = _keywords[name]
        shown.append((prefix + key, _REDACTED if secret else _shown(value)))
    return shown


# ---- Spans --------------------------------------------------------------------------------------------------


class _State:
    """What belongs to this process alone; begun anew in a forked child."""

    __slots__ = ("bits", "born", "busy", "closer", "dropped", "due", "eager", "offset", "pending", "pid", "sdk")
    __slots__ += ("sender", "stopping", "wake")

    def begin(self, forked):
        self.pid, self.dropped, self.due = _native.getpid(), 0, 0  # due: when the next delivery is
        self.eager = forked  # deliver whenever an outermost span ends: there may be no later occasion
        self.born = _native.clock() if forked else 0  # spans that began before are the parent's
        self.bits = Random(int.from_bytes(_native.urandom(32), "big")).getrandbits
        self.pending = []  # spans that ended and wait for delivery
        self.closer = 0  # the thread that ends the interpreter
        self.busy = set()  # threads inside of the SDK or of the sender, which may be instrumented themselves
        self.stopping, self.wake, self.sender = False, allocate_lock(), allocate_lock()  # see "Delivery"
        self.wake.acquire()


_state = _State()
_state.begin(forked=False)


def _resynchronise():
    """Where the time of day has moved against the clock (the machine slept, say), traces to come go by it.

    It is read from the inode of a new pipe: test tools replace the functions of `time` even in C, and there
    asking is an event. Elsewhere than on Linux the time of day at import stays.
    """
    try:
        ends = _native.pipe()
        at = _native.fstat(ends[0]).st_mtime_ns
        for end in ends:
            _native.close(end)
    except (OSError, AttributeError):
        return
    offset = at - _native.clock()
    if at and not -_DRIFT < offset - _state.offset < _DRIFT:
        _state.offset = offset


_state.offset, _state.sdk = _native.wall() - _native.clock(), (None, None)
if sys.platform.startswith("linux"):
    _resynchronise()
_current = ContextVar("telemetry_inject_span", default=None)

# Up to CPython 3.11 the garbage collector runs in the middle of allocations, also in those of ContextVar.set, and
# finalizers may call instrumented functions: if these set a variable of the same context, the outer call works on
# freed memory (seen as crashes of asyncio's own tests). So nothing becomes current while this begins with "stop".
# The callback that moves "start" or "stop" to the end is a C function: in one of Python's, a signal handler could
# run, and its exception would be lost.
_phases = OrderedDict(start=None, stop=None)


def _collecting():
    return next(iter(_phases)) == "stop"


_sites_known = {}  # (file, first line) of an instrumented function -> line of its `with`


class _Noop:
    """Stands for a span that is not recorded. Its methods are C functions that take anything, to be cheap."""

    __slots__ = ("__weakref__",)
    __exit__ = branch = loop = handled = assign = type.__prepare__  # answers {}, which is false

    def returns(self, value, span=None):
        return value

    def __reduce__(self):
        return _noop, ()


_NOOP = _Noop()
_Noop.__enter__ = ref(_NOOP)  # called, it answers _NOOP


def _noop():
    return _NOOP


_AT_LIMIT = RecursionError if sys.version_info >= (3, 9) else ()  # Python 3.8 aborts when code goes on from there


def _ours(error):
    """Whether the helper itself failed; else a signal handler or another thread raised this through it."""
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    plain = isinstance(error, Exception) and _module_of(type(error)) == "builtins"
    return plain and type(error) is not RecursionError and last.tb_frame.f_globals is globals()


class _Notes:
    """What only some spans have."""

    __slots__ = ("counts", "error", "events", "lost", "values")

    def __init__(self):
        self.values, self.counts, self.events, self.lost, self.error = [], {}, [], 0, None

    def attributes(self):
        return self.values + list(self.counts.items()) + ([("error.type", self.error)] if self.error else [])


class _Span:
    """One call of an instrumented function: a context manager, and what its body reports to.

    `up` is the nearest enclosing span that has not ended; `end` is 0 until the end. `trace` is (id, whether it is
    sampled, offset, what the request says that is answered: () for nothing, None if none is known of). The offset
    leads from the clock to the time of day; one trace has one, whatever happens to the time of day meanwhile. The
    clock is bound as a default because test tools replace those of modules.
    """

    __slots__ = ("end", "notes", "parent_id", "site", "span_id", "start", "thread", "trace", "up")

    def __enter__(self, clock=perf_counter_ns) -> "_Span":
        try:
            self.end, self.thread, self.up = 0, get_ident(), None
            up = _current.get()
            while up is not None and up.end:
                up = up.up
            self.up = up
            if up is None:
                self.trace, self.parent_id = _new_trace(self.site)
            else:
                self.trace, self.parent_id = up.trace, up.span_id
            self.span_id = _state.bits(64) or 1
            self.start = clock()
            if not self.site.generator:  # the consumer of a generator is not inside of it
                for phase in _phases:  # as _collecting(), without a call
                    if phase == "start":
                        _current.set(self)
                    break
            return self if self.trace[1] else _NOOP
        except BaseException as error:
            self.end, self.trace = 1, _UNSAMPLED  # whoever finds it current goes on to `up`
            _state.dropped += 1
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise
            return _NOOP

    def __exit__(self, kind: object, error: object, traceback: object, clock=perf_counter_ns) -> None:
        end = self.end = clock()
        try:
            up = self.up
            while up is not None and up.end:
                up = up.up
            self.up = up
            site = self.site
            if not site.generator:
                now = _current.get()
                if now is not self and not site.coroutine:  # a coroutine begun in here was left hanging
                    while now is not None and now is not self:
                        now = now.up
                if now is self:
                    for phase in _phases:
                        if phase == "start":
                            _current.set(up)
                        break
            if not self.trace[1] or self.start < _state.born:
                return
            if kind is not None:
                self.failed(kind, error, traceback, end)
            pending = _state.pending
            pending.append(self)
            if end >= _state.due or len(pending) >= _BATCH or (_state.eager and (up is None or up.start < _state.born)):
                _deliver()
        except BaseException as mine:
            if not isinstance(mine, _AT_LIMIT) and not _ours(mine):
                raise

    def more(self):
        if self.notes is None:
            self.notes = _Notes()
        return self.notes

    def failed(self, kind, error, traceback, now):
        """Record the error: in full only at the innermost instrumented function that it passes."""
        if not issubclass(kind, Exception) or issubclass(kind, (StopIteration, StopAsyncIteration)):
            return  # control flow: CancelledError, GeneratorExit, SystemExit, KeyboardInterrupt
        try:
            notes = self.more()
            notes.error = name = _type_name(kind)
            deeper = traceback.tb_next if traceback is not None else None
            while deeper is not None:
                code, line = deeper.tb_frame.f_code, deeper.tb_lineno
                if _sites_known.get((code.co_filename, code.co_firstlineno), line) != line:
                    return  # recorded there (an error at the line of the `with` itself is not)
                deeper = deeper.tb_next
            message = _message(error)
            values = [("exception.type", name), ("exception.message", message)]
            values.append(("exception.stacktrace", _stack(traceback, name, message)))
            notes.events.append((now, "exception", values))
        except RecursionError:
            pass  # no room to describe it

    def count(self, key):
        try:
            counts = (self.notes or self.more()).counts
            if key in counts:
                counts[key] += 1
            elif len(counts) < _LABELS:
                counts[key] = 1
        except RecursionError:
            pass

    def branch(self, label: str) -> None:
        """A branch was taken."""
        self.count("telemetry.branch." + label)

    def loop(self, label: str) -> None:
        """A loop went round once."""
        self.count("telemetry.loop." + label)

    def handled(self, label: str) -> None:
        """An exception was caught."""
        kind, key = sys.exc_info()[0], "telemetry.handled." + label
        self.count(key)
        try:
            if kind is not None and key in self.notes.counts:
                self.notes.counts[key + ".type"] = _type_name(kind)
        except BaseException as error:
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise

    def assign(self, /, **values: object) -> None:
        """Variables were set."""
        try:
            notes = self.more()
            if len(notes.events) < _EVENTS:
                notes.events.append((_native.clock(), "assign", _captured("telemetry.assign.", values)))
            else:
                notes.lost += 1
        except BaseException as error:
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise

    def returns(self, value: "_T", span: object = None) -> "_T":
        """The function returns `value`, which is handed through."""
        try:
            self.more().values.append(("telemetry.return", _shown(value)))
        except BaseException as error:
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise
        return value

    def __reduce__(self):
        return _noop, ()


_UNSAMPLED, _all = (0, False, 0, None), _bound == 1 << 64


def _new_trace(site):
    """(trace, parent's span id) of an outermost span."""
    remote = _sought(site, sys._getframe(2), None) if site.looks else None
    if remote or _remote:
        return _trace_below(remote or _remote)
    trace = _state.bits(128) or 1
    return (trace, _all or (trace & 0xFFFFFFFFFFFFFFFF) < _bound, _state.offset, remote), 0


def _trace_below(remote):
    trace, parent, sampled, _ = remote
    if not _follows_parent:
        sampled = _all or (trace & 0xFFFFFFFFFFFFFFFF) < _bound
    return (trace, sampled, _state.offset, remote), parent


def _message(error):
    """The words of an exception, if its arguments are plain values; never through its own methods."""
    arguments = _arguments_of(error) if isinstance(error, BaseException) else ()
    if len(arguments) == 1 and type(arguments[0]) is str:
        return _clean(arguments[0], 2 * _TEXT)
    return ", ".join([_item(argument) for argument in arguments[:_ITEMS]])


def _stack(traceback, name, message):
    """The stack as Python prints it, without the source."""
    head, tail, skipped = [], [], 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        lines = head if len(head) < _FRAMES // 4 else tail
        lines.append('  File "%s", line %d, in %s\n' % (code.co_filename, traceback.tb_lineno or 0, code.co_name))
        if len(tail) > _FRAMES:
            del tail[0]
            skipped += 1
        traceback = traceback.tb_next
    head += ["  [%d frames left out]\n" % skipped] if skipped else []
    head = ["Traceback (most recent call last):\n", *head, *tail, name, ": " + message if message else ""]
    return _encodable("".join(head))


# ---- Requests: whose trace a function that answers one continues ---------------------------------------------
# Servers hand a request down by arguments with well-known names, so it is in a frame above the function: its own, or
# that of the framework. Only those frames are looked at, and of objects only what they hold, as dictionaries do.

_DEEP, _VAIN = 64, 100  # frames to look through; how often a function's callers are looked through in vain
_LOCALS = frozenset(("locals", "vars", "dir", "eval", "exec"))
_SNAPSHOT = sys.version_info < (3, 13)  # there, asking for local variables makes a dictionary that the frame keeps
_mro_of, _namespace_of = type.__dict__["__mro__"].__get__, type.__dict__["__dict__"].__get__
_descriptor = type(type.__dict__["__dict__"])


def _request_name(code):
    """The local name of the request that a function is given; "" for all others."""
    names = code.co_varnames[: code.co_argcount]
    if "start_response" in names[1:]:
        return names[names.index("start_response") - 1]
    if "environ" in names:
        return "environ"
    if "scope" in names and "receive" in names:
        return "scope"
    if "request" in names[:3]:
        return "request"
    handler = code.co_name == "handle_one_request" or code.co_name[:3] == "do_" and code.co_name[3:].isupper()
    return "self" if handler and names == ("self",) else ""


def _local(frame, name):
    """The value of a local variable, which lives no longer for it; None where that can't be promised."""
    code = frame.f_code
    if not _SNAPSHOT:
        return frame.f_locals.get(name)
    if sys.gettrace() is not None or not code.co_flags & 1 or not _LOCALS.isdisjoint(code.co_names):
        return None  # somebody else may hold the dictionary, or Python write it back
    values = frame.f_locals
    value = values.get(name)
    values.clear()
    return value


def _held(value):
    """The attributes that an object holds itself."""
    for kind in _mro_of(type(value)):
        if type(_namespace_of(kind).get("__dict__", None)) is _descriptor:
            return object.__getattribute__(value, "__dict__")
        if "__dict__" in _namespace_of(kind):
            break
    return {}


def _headers_of(value):
    """The headers of a request, as [(lower-case name, text)]; None if it is none."""
    if type(value) is not dict:
        held = _held(value)
        if type(held) is not dict:
            return None
        for name in ("environ", "scope", "META"):
            if type(held.get(name)) is dict:
                return _headers_of(held[name])
        if "rfile" in held and "headers" in held:  # of http.server
            return _texts(_held(held["headers"]).get("_headers"), str)
        headers = held.get("_headers")  # of aiohttp
        return _texts(list(headers.items()), str) if _type_name(type(headers)).startswith("multidict.") else None
    if "REQUEST_METHOD" in value:
        names = ("traceparent", "tracestate")
        return _texts([(name, value.get("HTTP_" + name.upper())) for name in names], str)
    kind = value.get("type")
    return _texts(value.get("headers"), bytes) if type(kind) is str and kind in ("http", "websocket") else None


def _texts(fields, kind):
    found = []
    for field in fields if type(fields) in (list, tuple) else ():
        pair = type(field) in (list, tuple) and len(field) == 2
        if pair and issubclass(type(field[0]), kind) and type(field[1]) is kind:
            name, text = (str.__str__(x) if kind is str else x.decode("latin-1") for x in field)
            found.append((name.lower(), text))
    return found


def _asked(frame):
    """What the request says that is answered in this frame: as _remote_parent() has it, () for nothing, None for no
    request."""
    name = _request_name(frame.f_code)
    headers = _headers_of(_local(frame, name)) if name else None
    if headers is None:
        return None
    parent, state = [",".join([x for key, x in headers if key == name]) for name in ("traceparent", "tracestate")]
    return _remote_parent(parent, state) or ()


def _sought(site, frame, up, deep=_DEEP):
    """The same of the innermost request that is answered by one of the frames below that of the call `up`."""
    try:
        first = frame
        while frame is not None and deep:
            code = frame.f_code
            if up is not None and frame is not first and up.site.place == (code.co_filename, code.co_firstlineno):
                break
            said = _asked(frame)
            if said is not None:
                site.looks = _VAIN
                return said
            frame, deep = frame.f_back, deep - 1
        site.looks = max(0, site.looks - 1)
    except Exception as error:
        if not _ours(error):
            raise
        site.looks = 0
    if not site.looks and not site.asks:
        site.span = _Span
    return None


class _RequestSpan(_Span):
    """A call that may answer a request: then it belongs to whoever sent that, even below a call that still runs here,
    as a main function that serves forever. Where none is seen, calls of that function are plain spans soon."""

    __slots__ = ()

    def __enter__(self) -> "_Span":
        span = _Span.__enter__(self)
        try:
            up, known, site = self.up, self.trace[3], self.site
            if up is None or self.end or not self.trace[0] or not (known is None and site.looks or site.asks):
                return span
            said = _sought(site, sys._getframe(1), up, _DEEP if known is None else 1)
            if said and (not known or known[:2] != said[:2]):
                self.trace, self.parent_id = _trace_below(said)
                return self if self.trace[1] else _NOOP
            if said is not None and known is None:
                self.trace = (*self.trace[:3], ())
        except BaseException as error:
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise
        return span


# ---- Tracers: what `from _telemetry_inject import _tlm` gives to each module ---------------------------------

_tracers = {}  # (module, name of this helper there) -> (tracer, its sites)


class _Site:
    """What is known of one instrumented function from its first call on."""

    __slots__ = ("asks", "coroutine", "facts", "generator", "looks", "name", "place", "span", "template")

    def __init__(self, module, key, frame):
        code = frame.f_code
        _sites_known[code.co_filename, code.co_firstlineno] = frame.f_lineno
        self.name = key.partition("#")[0]
        self.generator = bool(code.co_flags & 0x220)  # or asynchronous generator
        self.coroutine = bool(code.co_flags & 0x80)
        self.place = code.co_filename, code.co_firstlineno
        self.asks = _propagates and bool(_request_name(code))
        self.looks = _VAIN if _propagates else 0  # how often a request is still looked for
        self.span = _RequestSpan if _propagates else _Span
        self.facts = {
            "code.function.name": _encodable(module + "." + self.name),
            "code.file.path": _encodable(_absolute(code.co_filename)),
            "code.line.number": code.co_firstlineno,
        }
        for flag, kind in ((0x20, "generator"), (0x200, "async_generator"), (0x80, "async")):
            if code.co_flags & flag:
                self.facts["telemetry.kind"] = kind
        self.template = _span_template(self.name, self.facts)


def _tracer(module, helper, shown=None):
    """The tracer of a module: a plain function, which pickles by reference as an attribute of the helper."""
    sites, modules, frame, shown = {}, sys.modules, sys._getframe, shown or module

    def enabled(site, /, **arguments):
        try:
            try:
                known = sites[site]
            except KeyError:
                known = sites[site] = _Site(shown, site, frame(1))
            if "opentelemetry.trace" in modules and _sdk_tracer(modules["opentelemetry.trace"]) is not None:
                span = _BridgedSpan()
            else:
                span = known.span()
            span.site, span.notes = known, None
            if arguments:
                span.more().values = _captured("telemetry.arg.", arguments)
            return span
        except BaseException as error:
            _state.dropped += 1
            if not isinstance(error, _AT_LIMIT) and not _ours(error):
                raise
            return _NOOP

    def disabled(site, /, **arguments):
        return _NOOP

    tracer = disabled if _off else enabled
    tracer.__module__, tracer.__name__ = helper, "_tlm"
    tracer.__qualname__ = "_tlm:" + module.replace(".", ":")  # a dot would be taken for nesting
    return _tracers.setdefault((module, helper), (tracer, sites))


# ---- The program's own OpenTelemetry SDK ---------------------------------------------------------------------

_OURS = "telemetry-inject-span"  # key in the SDK's context


def _sdk_tracer(trace):
    """A tracer of the OpenTelemetry SDK that the program has configured, or None."""
    try:
        provider = trace._TRACER_PROVIDER
        if provider is not _state.sdk[0]:
            _state.sdk = provider, None  # until it is made, and if it can't be, spans are ours
            stand_in = provider is None or str(_module_of(type(provider))).startswith("opentelemetry.trace")
            if not stand_in:  # of the API alone
                _state.sdk = provider, provider.get_tracer("telemetry-inject", VERSION)
        return _state.sdk[1]
    except Exception:
        return None


def _living(context, trace):
    """The SDK's context without those of our spans that have ended."""
    ours = context.get(_OURS)
    while ours is not None and ours.end and trace.get_current_span(context) is ours.sdk:
        context = ours.before
        ours = context.get(_OURS)
    return context


def _extracted(context, trace, site, frame):
    """The SDK's context below whoever sent the request that is answered, as the program's propagators read it."""
    try:
        known = trace.get_current_span(context).get_span_context()
        if not known.is_valid:
            remote = (_sought(site, frame, None) if site.looks else None) or _remote
        else:
            remote = _asked(frame) if site.asks else None
        if remote and remote[0] != known.trace_id:
            from opentelemetry.propagate import extract

            context = extract(_as_headers(*remote), context)
    except Exception:
        pass
    return context


class _BridgedSpan(_Span):
    """A span made by the program's SDK. `before` and `inside` are the SDK's contexts around and within it."""

    __slots__ = ("before", "inside", "sdk")

    def __enter__(self):
        self.end, self.sdk, self.inside, thread = 0, None, None, get_ident()
        if thread in _state.busy:
            return _NOOP
        _state.busy.add(thread)
        try:
            trace, contexts = sys.modules["opentelemetry.trace"], sys.modules["opentelemetry.context"]
            self.before = before = _living(contexts.get_current(), trace)
            if before.get(getattr(contexts, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")):
                return _NOOP
            around = _extracted(before, trace, self.site, sys._getframe(1)) if _propagates else before
            self.sdk = _sdk_tracer(trace).start_span(self.site.name, around, attributes=self.site.facts)
            if not self.site.generator and not _collecting():
                self.inside = contexts.set_value(_OURS, self, trace.set_span_in_context(self.sdk, around))
                contexts.attach(self.inside)
            return self if self.sdk.is_recording() else _NOOP
        except BaseException as error:
            self.end = 1
            _state.dropped += 1
            if not isinstance(error, Exception):
                raise
            return _NOOP
        finally:
            _state.busy.discard(thread)

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.end, thread = 1, get_ident()
        if self.sdk is None or thread in _state.busy:
            return
        _state.busy.add(thread)
        try:
            trace, contexts = sys.modules["opentelemetry.trace"], sys.modules["opentelemetry.context"]
            self.before = before = _living(self.before, trace)
            now, inside, self.inside = contexts.get_current(), self.inside, None
            if _collecting():
                pass  # whoever finds our context there goes on to what is alive
            elif now is inside:
                contexts.attach(before)
            elif inside and now.get(_OURS) is self and trace.get_current_span(now) is self.sdk:
                now = trace.set_span_in_context(trace.get_current_span(before), now)  # keep what was added
                contexts.attach(contexts.set_value(_OURS, before.get(_OURS), now))
            if kind is not None:
                self.failed(kind, error, traceback, _native.clock())
            if self.notes is not None:
                for key, value in self.notes.attributes():
                    self.sdk.set_attribute(key, value)
                for at, name, values in self.notes.events:
                    self.sdk.add_event(name, dict(values), at + _state.offset)
                if self.notes.error:
                    self.sdk.set_status(trace.Status(trace.StatusCode.ERROR))
            self.sdk.end()
        except Exception:
            _state.dropped += 1
        finally:
            _state.busy.discard(thread)


# ---- OTLP/JSON -----------------------------------------------------------------------------------------------


def _value(value):
    kind = type(value)
    if kind is int:
        return '{"intValue":"%d"}' % value
    if kind is bool:
        return '{"boolValue":%s}' % ("true" if value else "false")
    if kind is float:
        special = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
        return '{"doubleValue":%s}' % special.get(repr(value), repr(value))
    return '{"stringValue":%s}' % _quote(value)


def _key_values(pairs):
    return ",".join(['{"key":%s,"value":%s}' % (_quote(key), _value(value)) for key, value in pairs])


def _span_template(name, facts):
    """A span as text, with blanks for what differs from call to call."""
    fixed = '"name":%s,"kind":1,' % _quote(_encodable(name)), _key_values(facts.items())
    return (
        '{"traceId":"%%032x","spanId":"%%016x",%%s%s"startTimeUnixNano":"%%d","endTimeUnixNano":"%%d",'
        '"attributes":[%s,{"key":"thread.id","value":{"intValue":"%%d"}}%%s}'
    ) % tuple([text.replace("%", "%%") for text in fixed])


def _span_text(span):
    parent, more, offset = '"flags":257,', "]", span.trace[2]
    if span.parent_id:
        remote = span.trace[3] or (0, 0, True, "")
        flags = 0x301 if span.parent_id == remote[1] else 0x101
        parent = '"parentSpanId":"%016x","flags":%d,' % (span.parent_id, flags)
        parent += '"traceState":%s,' % _quote(remote[3]) if remote[3] else ""
    if span.notes is not None:
        notes, more = span.notes, _key_values(span.notes.attributes())
        more = (("," + more) if more else "") + "]"
        events = [
            '{"timeUnixNano":"%d","name":"%s","attributes":[%s]}' % (at + offset, name, _key_values(values))
            for at, name, values in notes.events
        ]
        more += ',"events":[%s]' % ",".join(events) if events else ""
        more += ',"droppedEventsCount":%d' % notes.lost if notes.lost else ""
        more += ',"status":{"code":2}' if notes.error else ""
    times = span.start + offset, span.end + offset
    return span.site.template % (span.trace[0], span.span_id, parent, times[0], times[1], span.thread, more)


def _request(spans):
    """An ExportTraceServiceRequest."""
    if sys.platform.startswith("linux"):
        _resynchronise()
    resource = _key_values([*_attributes.items(), ("process.pid", _native.getpid())])
    dropped = _key_values([("telemetry.dropped_spans", _state.dropped)] if _state.dropped else [])
    scope = '"name":"telemetry-inject","version":"%s","attributes":[%s]' % (VERSION, dropped)
    return (
        '{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"scope":{%s},"spans":[%s]}]}]}'
        % (resource, scope, ",".join([_span_text(span) for span in spans]))
    ).encode()


# ---- Delivery: to the file at once, or by a thread that is started with the first span ----------------------
# `_state.sender` is held while there is such a thread, `_state.wake` is released to wake it.


def _deliver():
    state = _state
    if len(state.pending) > _QUEUE:  # nobody takes them
        state.dropped += len(state.pending) - _QUEUE
        del state.pending[_QUEUE:]
    if state.sender.locked():
        if len(state.pending) >= _BATCH or state.eager:
            _wake_sender()
        return
    if _native.getpid() != state.pid:  # a fork that Python was not told of
        state.begin(forked=True)
    if state.closer not in (0, get_ident()):
        return  # the interpreter ends, and may end in the middle of a write of this thread
    if getattr(sys.modules.get("multiprocessing.process"), "_parent_process", None) is not None:
        state.eager = True  # such children leave through os._exit
    if not _url:
        state.due = _native.clock() + _DELAY
        _drain(_append)
    elif state.sender.acquire(False):
        state.due = 1 << 63  # the sender has its own clock
        try:
            finalize = getattr(sys.modules.get("multiprocessing.util"), "Finalize", None)
            if finalize is not None and state.eager:
                finalize(None, _at_exit, exitpriority=0)
            start_new_thread(_send_all, ())
        except RuntimeError:  # no more threads, or the interpreter ends
            state.sender.release()
            state.due = _native.clock() + _DELAY


def _wake_sender():
    try:
        _state.wake.release()
    except RuntimeError:
        pass  # awake already


def _drain(hand_over):
    """Hand over what has ended. Without a lock, as signal handlers and forks may come at any point."""
    pending = _state.pending
    while pending:
        spans = []
        try:
            while len(spans) < _BATCH:
                spans.append(pending.pop())
        except IndexError:
            pass
        spans.reverse()
        done = False
        try:
            done = hand_over(_request(spans))
        finally:
            if not done:
                _state.dropped += len(spans)


def _append(request, spare=1024, again=False):
    """Append a line to the file, whole or not at all; False when that fails or the file would get too long.

    The file is opened each time: a program may close all descriptors, and then use their numbers itself.
    """
    path, line, done = _path.replace("{pid}", str(_state.pid)), request + b"\n", 0
    if not _allowed("open", path, None, _native.flags):
        return False
    try:
        file = _native.open(path, _native.flags, 0o600)
    except FileNotFoundError:
        return not again and _make_folders(path) and _append(request, spare, again=True)
    except (OSError, ValueError):
        return False
    try:
        size = _native.fstat(file).st_size
        if size + len(line) + spare > _MAX_BYTES:
            return False
        while done < len(line):
            done += _native.write(file, line[done:])
        return True
    except OSError:
        if done and _native.truncate and _native.fstat(file).st_size == size + done:
            _native.truncate(file, size)
        return False
    finally:
        _native.close(file)


def _allowed(event, *arguments):
    """Ask audit hooks beforehand: an exception of theirs later could not be told from one of a signal handler."""
    try:
        sys.audit(event, *arguments)
    except Exception as error:
        if _module_of(type(error)) != "builtins":
            raise
        return False
    return True


def _make_folders(path):
    at = path.find("/", 1)
    while at > 0:
        try:
            if _allowed("os.mkdir", path[:at], 0o777, -1):
                _native.mkdir(path[:at])
        except OSError:
            pass  # there already, or the file can't be opened either
        at = path.find("/", at + 1)
    return True


def _send_all():
    try:
        _state.busy.add(get_ident())
        _current.set(_SUPPRESSED)  # what is called from here may be instrumented
        while not _state.stopping:
            _state.wake.acquire(True, min(max(_DELAY / 1e9, 0.01), 3600))
            _drain(_send)
        _drain(_send)
    except BaseException:  # the interpreter ends, or this file is wrong: never a traceback on stderr
        _state.dropped += 1
    finally:
        _state.busy.discard(get_ident())
        _state.sender.release()


def _opener():
    """What posts requests. It follows no redirection: that would be a GET, and headers may be secret."""
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    handlers = [Stay]
    if _authorities or _certificate:
        import ssl

        secure = ssl.create_default_context(cafile=_authorities)
        if _certificate:
            secure.load_cert_chain(_certificate, _key)
        handlers.append(urllib.request.HTTPSHandler(context=secure))
    return urllib.request.build_opener(*handlers)


def _pause(after, attempt):
    """Seconds until the next attempt: as the server wishes, or longer each time."""
    try:
        if after.isdigit() and after.isascii():
            return min(int(after), 3600)
        from email.utils import mktime_tz, parsedate_tz

        return max(0, min(mktime_tz(parsedate_tz(after)) - _native.wall() / 1e9, 3600))
    except Exception:  # nothing is said, or nothing that makes sense
        pass
    return 2**attempt * (0.75 + _state.bits(16) / 131072)  # not all at once


def _rejected(answer):
    """How many spans a collector that took a request did not take."""
    from json import loads

    try:
        return max(0, int(loads(answer)["partialSuccess"]["rejectedSpans"]))
    except (ValueError, KeyError, TypeError):
        return 0


def _send(body):
    """Post a request, trying again where the specification allows it; False when it was not received."""
    import urllib.error
    import urllib.request
    import zlib

    if _gzip:
        packer = zlib.compressobj(wbits=31)
        body = packer.compress(body) + packer.flush()
    for attempt in range(5):
        after = ""
        try:
            request = urllib.request.Request(_url, body, _headers, method="POST")
            with _opener().open(request, timeout=_timeout) as answer:
                try:
                    _state.dropped += _rejected(answer.read(1 << 16))
                except Exception:  # it was received nevertheless
                    pass
            return True
        except urllib.error.HTTPError as error:
            error.close()
            after = error.headers.get("Retry-After") or ""
            if error.code not in (429, 502, 503, 504):
                return False
        except Exception:  # nobody there, a time-out, not HTTP
            pass
        until = _native.clock() + int(_pause(after, attempt) * 1_000_000_000)
        while attempt < 4 and not _state.stopping and _native.clock() < until:
            _state.wake.acquire(True, max(0.0, (until - _native.clock()) / 1e9))
        if _state.stopping:
            return False
    return False


_SUPPRESSED = _Span()
_SUPPRESSED.end = _SUPPRESSED.span_id = _SUPPRESSED.start = 0
_SUPPRESSED.trace, _SUPPRESSED.up = _UNSAMPLED, None


# ---- Sending the trace on, where TELEMETRY_INJECT_PROPAGATE asks for it --------------------------------------


def _as_headers(trace, span, sampled, state):
    headers = {"traceparent": "00-%032x-%016x-%02x" % (trace, span, sampled)}
    if state:
        headers["tracestate"] = state
    return headers


def _outgoing():
    """The headers that say which call asks."""
    modules = sys.modules
    if "opentelemetry.trace" in modules and _sdk_tracer(modules["opentelemetry.trace"]) is not None:
        headers = {}
        try:
            from opentelemetry import context, propagate

            now = context.get_current()
            if not (now.get("suppress_instrumentation") or now.get("suppress_http_instrumentation")):
                propagate.inject(headers)
        except Exception:  # of a propagator of the program
            pass
        return headers
    span = _current.get()
    while span is not None and span.end:
        span = span.up
    if span is None:
        return _as_headers(*_remote) if _remote else {}
    trace, sampled, _, remote = span.trace
    return _as_headers(trace, span.span_id, sampled, remote[3] if remote else "") if trace else {}


def _before(kind, name, prepare):
    """Let `prepare` see, and perhaps change, what a method of the standard library is called with."""
    plain = getattr(kind, name)

    def method(self, *arguments, **options):
        try:
            arguments, options = prepare(self, arguments, options)
        except Exception as error:
            if not _ours(error):
                raise
        return plain(self, *arguments, **options)

    method.__name__, method.__qualname__, method.__doc__ = plain.__name__, plain.__qualname__, plain.__doc__
    method.__module__, method.__wrapped__ = plain.__module__, plain
    setattr(kind, name, method)


def _with_headers(connection, arguments, options):
    """Before http.client sends the head of a request: behind the headers that are in its buffer."""
    lines = connection._buffer
    if type(lines) is list and not any(line[:12].lower() == b"traceparent:" for line in lines):
        lines += [("%s: %s" % header).encode("ascii") for header in _outgoing().items()]
    return arguments, options


def _with_environment(process, arguments, options):
    """Before subprocess starts a program: in its environment, unless the caller chose another parent for it."""
    inherited, at = sys.modules["os"].environ, 10  # `env` is the eleventh parameter
    chosen = arguments[at] if len(arguments) > at else options.get("env")
    try:
        environment = dict(inherited if chosen is None else chosen)
    except (KeyError, RuntimeError):  # changed by another thread meanwhile
        return arguments, options
    ours = {name.upper(): value for name, value in _outgoing().items()}
    if not ours or any(type(key) is bytes for key in environment):
        return arguments, options
    if environment.get("TRACEPARENT") not in (None, inherited.get("TRACEPARENT")):
        return arguments, options
    environment.pop("TRACESTATE", None)
    environment.update(ours)
    if len(arguments) > at:
        return (*arguments[:at], environment, *arguments[at + 1 :]), options
    return arguments, {**options, "env": environment}


def _with_event(connection, arguments, options):
    """Before h11 writes an event: where it is the head of a client's request. That is httpx."""
    event, *rest = arguments
    if type(event).__name__ == "Request" and getattr(connection.our_role, "__name__", "") == "CLIENT":
        fields = list(event.headers.raw_items())
        if not any(name.lower() == b"traceparent" for name, _ in fields):
            fields += [(name.encode("ascii"), value.encode("ascii")) for name, value in _outgoing().items()]
            head = {name: getattr(event, name) for name in ("method", "target", "http_version")}
            event = type(event)(headers=fields, **head)
    return (event, *rest), options


def _with_fields(request, arguments, options):
    """Before aiohttp sends a request."""
    if "traceparent" not in request.headers:
        request.headers.update(_outgoing())
    return arguments, options


_SENDERS = {
    "http.client": ("HTTPConnection", "endheaders", _with_headers),
    "subprocess": ("Popen", "__init__", _with_environment),
    "h11._connection": ("Connection", "send_with_data_passthrough", _with_event),
    "aiohttp.client_reqrep": ("ClientRequest", "send", _with_fields),
}


def _send_on(name, module):
    kind, method, prepare = _SENDERS.pop(name)
    if hasattr(module, kind):
        _before(getattr(module, kind), method, prepare)


class _Watch:
    """Asked first who finds a module: sees to it that we hear when one of the above has been imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _SENDERS:
            return None
        for finder in sys.meta_path:
            find = None if finder is _Watch else getattr(finder, "find_spec", None)
            specification = None if find is None else find(name, path, target)
            if specification is not None:
                _Watch.hear(name, specification.loader)
                return specification
        return None

    @staticmethod
    def hear(name, loader):
        def exec_module(module):
            plain(module)
            _send_on(name, module)

        try:
            plain = loader.exec_module
            loader.exec_module = exec_module  # of this loader alone, which loads this module alone
        except AttributeError:
            pass


def _send_all_on():
    for name in list(_SENDERS):
        if name in sys.modules:
            _send_on(name, sys.modules[name])
    sys.meta_path.insert(0, _Watch)


# ---- Forks, exit, and one helper for all copies of this file -------------------------------------------------


def _stop_sender(patience):
    """Ask the sender to end and wait for that; True when there is none left. `_state.sender` is held then."""
    _state.stopping = True
    _wake_sender()
    return _state.sender.acquire(True, patience)


def _before_fork():  # a thread in the middle of something is no good company for a fork
    if _state.sender.locked() and _stop_sender(0.5):
        _state.sender.release()


def _after_fork_in_parent():
    _state.stopping, _state.due = False, 0


def _at_exit():
    """Deliver what is left. Callbacks registered before this one come later: from now on, deliver at once."""
    _state.eager, _state.closer = True, get_ident()
    try:
        if not _url:
            _deliver()
            if _state.dropped:
                _append(_request([]), 0)
        elif _state.pending or _state.sender.locked():
            _deliver()
            if _stop_sender(_PATIENCE):
                _state.sender.release()
    except Exception as error:
        if not _ours(error):
            raise


def __getattr__(name):
    """`_tlm` is made for the module that imports it; `_tlm:pkg:mod` is how a pickle names that of pkg.mod."""
    if name == "_tlm":
        importer = sys._getframe(1).f_globals
        module = importer.get("__name__") or "__main__"
        spec = importer.get("__spec__") if module == "__main__" else None
        tracer, sites = _shared._tracer(module, __name__, getattr(spec, "name", None))
        sites.clear()  # the module may have been loaded again, from other lines
        return tracer
    if name.startswith("_tlm:"):
        return _shared._tracer(name[5:].replace(":", "."), __name__)[0]
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


_shared = sys.modules.setdefault("_telemetry_inject", sys.modules[__name__])
if getattr(_shared, "PROTOCOL", None) != PROTOCOL:
    _shared = sys.modules[__name__]
if _shared is sys.modules[__name__] and not _off:
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        from gc import callbacks

        callbacks.append(_phases.move_to_end)
    if _propagates and _setting("TELEMETRY_INJECT_PROPAGATE").lower() == "true":
        _send_all_on()
    register(_at_exit)
    if hasattr(_platform, "register_at_fork"):
        _platform.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent)
        _platform.register_at_fork(after_in_child=lambda: _state.begin(forked=True))
