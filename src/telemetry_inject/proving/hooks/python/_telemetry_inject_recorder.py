"""Writes one JSON line for each phase of each test, so that a crash loses nothing; runs only chosen tests if told so.

The folder in TELEMETRY_INJECT_PROVING holds the reports, and `select`, the ids of the tests that are to run (or none).
Processes that a test starts report nothing: TELEMETRY_INJECT_PROVING_OFF is set for them.
"""

import json
import os
import traceback

FOLDER = os.environ.get("TELEMETRY_INJECT_PROVING", "")
OFF = "TELEMETRY_INJECT_PROVING_OFF"
_process = os.getpid()  # a test may fork and carry on as the child
_report = None


def _selected():
    try:
        with open(os.path.join(FOLDER, "select"), encoding="utf-8", errors="surrogateescape") as file:
            return frozenset(json.load(file))
    except OSError:
        return None


def _begin(runner):
    """Be the one who reports; False when an outer process or an earlier run of this one does."""
    global _report
    if _report is None and OFF not in os.environ:
        os.environ[OFF] = "1"
        _report = os.path.join(FOLDER, "reports", "%s-%d.lines" % (runner, _process))
        return True
    return False


def _write(**row):
    if _report is not None and os.getpid() == _process:
        with open(_report, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps(row) + "\n")


def known_pytest(module):
    """_pytest.config was imported."""
    if isinstance(getattr(module, "default_plugins", None), tuple):
        module.default_plugins += (__name__,)


_configuration = None


def pytest_configure(config):
    """The first session of a process that no test has started is the suite."""
    global _configuration
    if _configuration is None and "PYTEST_XDIST_WORKER" not in os.environ and _begin("pytest"):
        _configuration = config
        config.pluginmanager.register(_Recorder(), "_telemetry_inject_recorder_of_tests")
    selected = _selected()
    if selected is not None and (config is _configuration or "PYTEST_XDIST_WORKER" in os.environ):
        config.pluginmanager.register(_Selector(selected), "_telemetry_inject_selector")


def _reason(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(report.longrepr or "")
    return text[-600:] if crash is None else str(crash.message)[:1500] + "\n" + text[-1500:]


class _Recorder:
    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.outcome == "passed":
            return
        failed_around = report.outcome == "failed" and report.when != "call"
        outcome = "error" if failed_around else report.outcome
        _write(test=report.nodeid, outcome=outcome, reason=_reason(report) if report.failed else "")

    def pytest_collectreport(self, report):
        if report.failed:
            _write(test="collect " + report.nodeid, outcome="error", reason=_reason(report))

    def pytest_sessionfinish(self, exitstatus):
        _write(end=int(exitstatus))


class _Selector:
    def __init__(self, selected):
        self.selected = selected

    def pytest_collection_modifyitems(self, config, items):
        items[:] = [item for item in items if item.nodeid in self.selected]


def known_result(module):
    """unittest.result was imported."""
    result = module.TestResult

    def after(name, outcome, index=None):
        original = getattr(result, name)

        def method(self, test, *arguments, **named):
            reason = ""
            if index is not None and arguments:
                given = arguments[index]
                reason = given if isinstance(given, str) else "".join(traceback.format_exception(*given)[-8:])[-2000:]
            if _begin("unittest") or _report is not None:
                _write(test=_id(test), outcome=outcome, reason=reason if outcome != "skipped" else "")
            return original(self, test, *arguments, **named)

        setattr(result, name, method)

    after("addSuccess", "passed")
    after("addError", "error", 0)
    after("addFailure", "failed", 0)
    after("addSkip", "skipped", 0)
    after("addExpectedFailure", "passed")
    after("addUnexpectedSuccess", "failed")
    subtest, stop = result.addSubTest, result.stopTestRun

    def addSubTest(self, test, subtest_, err):
        if err is not None and (_begin("unittest") or _report is not None):
            _write(test=_id(test), outcome="failed", reason="".join(traceback.format_exception(*err)[-8:])[-2000:])
        return subtest(self, test, subtest_, err)

    def stopTestRun(self):
        if _report is not None:
            _write(end=0)
        return stop(self)

    result.addSubTest, result.stopTestRun = addSubTest, stopTestRun


def _id(test):
    return test.id() if hasattr(test, "id") else str(test)


def known_case(module):
    """unittest.case was imported."""
    selected = _selected()
    if selected is None:
        return
    case = module.TestCase
    run = case.run

    def chosen(self, result=None):
        return run(self, result) if self.id() in selected else result

    case.run = chosen
