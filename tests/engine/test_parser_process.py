"""A parser beside us: what becomes of questions when it dies, hangs, talks nonsense, or when we fork or are killed."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from telemetry_inject.engine import parser_process
from telemetry_inject.engine.parser_process import Answer, Launch, NoParser, ParserProcess, Ruling

# A parser that does what the kind says.
PARSER = textwrap.dedent("""
    import os, signal, struct, sys, time
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    def field():
        head = source.read(4)
        if len(head) < 4:
            sys.exit()
        return source.read(struct.unpack(">I", head)[0])
    def say(verdict, line=0, message=b""):
        sink.write(struct.pack(">IBI", 5 + len(message), verdict, line) + message)
        sink.flush()
    say(0, 0, b"fake 1")
    while True:
        kind, place, text = field().decode(), field(), field()
        if kind == "die":
            sys.exit("a word before it goes")
        if kind == "die once" and not os.path.exists(place):
            open(place, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "hang":
            time.sleep(600)
        if kind == "flood":
            os.write(2, b"x" * 1000000)
        if kind == "nonsense":
            sink.write(b"what?" * 100); sink.flush()
        elif kind == "huge answer":
            say(1, 1, b"m" * 200000)
        elif kind == "pid":
            say(1, os.getpid())
        elif kind == "size":
            say(1, len(text), b"two\\n\\tlines \\x1b[31m \\xff")
        elif kind == "environment":
            say(1, 0, ",".join(sorted(os.environ)).encode())
        else:
            say(0)
""")


def launch(program: str = PARSER) -> Launch:
    return Launch([sys.executable, "-S", "-c", program], {"LC_ALL": "C.UTF-8"})


@pytest.fixture(params=[True, False], ids=["polled", "watched"])
def ask(request: pytest.FixtureRequest) -> Iterator[ParserProcess]:
    parser = ParserProcess(launch, seconds=30, polled=request.param)
    yield parser
    parser.close()


def gone(pid: int) -> bool:
    """Whether the process has ended within ten seconds; a zombie that we did not reap has not."""
    for _ in range(1000):
        if not Path(f"/proc/{pid}").exists() if Path("/proc/self").exists() else not _signalled(pid):
            return True
        time.sleep(0.01)
    return False


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_process_answers_all_questions(ask: ParserProcess) -> None:
    first = ask.check("pid", b"")
    assert {ask.check("pid", b"").line for _ in range(20)} == {first.line} == {ask.pid}
    assert ask.check("", b"") == Answer(Ruling.ACCEPTED)
    assert ask.version() == "fake 1"


def test_no_process_before_the_first_question() -> None:
    assert ParserProcess(launch).pid is None


def test_a_large_source_arrives_whole(ask: ParserProcess) -> None:
    assert ask.check("size", bytes(range(256)) * 100_000).line == 25_600_000


def test_a_message_becomes_one_printable_line(ask: ParserProcess) -> None:
    assert ask.check("size", b"").message == "two lines ?[31m \ufffd"


def test_a_source_beyond_the_limit_is_not_sent(ask: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_process, "_SOURCE_BYTES", 10)
    assert ask.check("size", b"x" * 10).line == 10
    assert ask.check("size", b"x" * 11) == Answer(Ruling.UNAVAILABLE, 0, "the file is too large for a parser")


def test_a_parser_that_died_between_questions_is_started_again(ask: ParserProcess) -> None:
    pid = ask.check("pid", b"").line
    os.kill(pid, signal.SIGKILL)
    again = ask.check("pid", b"x" * 1_000_000).line
    assert again not in (0, pid)
    assert gone(pid)


def test_a_parser_that_dies_of_a_question_is_asked_once_more(ask: ParserProcess, tmp_path: Path) -> None:
    assert ask.check("die once", b"", str(tmp_path / "died")).accepted


def test_a_question_that_kills_twice_has_no_answer_and_the_next_one_has(ask: ParserProcess) -> None:
    answer = ask.check("die", b"")
    assert answer.ruling is Ruling.UNAVAILABLE
    assert answer.message == "the parser ended (it gave no answer; a word before it goes)"
    assert ask.check("", b"").accepted


def test_after_three_questions_without_an_answer_no_more_are_asked(ask: ParserProcess) -> None:
    for _ in range(2):
        ask.check("die", b"")
    ask.check("", b"")
    for _ in range(3):
        assert ask.check("die", b"").ruling is Ruling.UNAVAILABLE
    assert ask.check("", b"").message.startswith("no answer to 3 files in a row: the parser ended")
    assert ask.pid is None


def test_a_parser_that_hangs_is_killed(ask: ParserProcess) -> None:
    pid = ask.check("pid", b"").line
    ask._seconds = 0.5
    assert ask.check("hang", b"").message == "no answer within 0.5 seconds"
    assert gone(pid)
    ask._seconds = 30
    assert ask.check("", b"").accepted


def test_a_parser_that_does_not_read_is_killed() -> None:
    program = PARSER.replace('say(0, 0, b"fake 1")', 'say(0, 0, b"fake 1"); time.sleep(600)')
    for polled in (True, False):
        parser = ParserProcess(lambda: launch(program), seconds=1, polled=polled)
        assert parser.check("", b"x" * 10_000_000).message == "no answer within 1 seconds"


@pytest.mark.parametrize("kind", ["nonsense", "huge answer"])
def test_nonsense_is_no_answer(ask: ParserProcess, kind: str) -> None:
    assert "what it sent is no answer" in ask.check(kind, b"").message
    assert ask.check("", b"").accepted


def test_endless_words_on_its_error_output_end_with_the_time(ask: ParserProcess) -> None:
    ask.check("", b"")
    ask._seconds = 1
    assert ask.check("flood", b"").ruling is Ruling.UNAVAILABLE


def test_it_sees_only_the_environment_it_was_given(ask: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--require=x")
    assert ask.check("environment", b"").message.split(",") == ["LC_ALL"]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('no such option')", "no such option"),
        ("print('welcome')", "what it sent is no answer"),
    ],
)
def test_a_program_that_is_no_parser_is_tried_at_one_question_only(program: str, reason: str) -> None:
    calls = []
    parser = ParserProcess(lambda: calls.append(1) or launch(program))  # type: ignore[func-returns-value]
    first = parser.check("", b"")
    assert first.ruling is Ruling.UNAVAILABLE and reason in first.message
    assert parser.check("", b"") == first
    assert parser.version() == ""
    assert len(calls) == 1


def test_a_missing_program_is_looked_for_once() -> None:
    calls = []

    def missing() -> Launch:
        calls.append(1)
        raise NoParser("there is no such thing")

    parser = ParserProcess(missing)
    assert parser.check("", b"") == parser.check("", b"") == Answer(Ruling.UNAVAILABLE, 0, "there is no such thing")
    assert len(calls) == 1


def test_a_program_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    parser = ParserProcess(lambda: Launch([str(tmp_path / "absent")], {}))
    assert "absent does not start: " in parser.check("", b"").message


def test_threads_take_turns(ask: ParserProcess) -> None:
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda size: ask.check("size", b"x" * size).line, range(0, 300_000, 3001)))
    assert sizes == list(range(0, 300_000, 3001))


def test_an_interrupt_in_the_middle_leaves_no_stale_answer(ask: ParserProcess) -> None:
    ask.check("", b"")
    main, old = threading.get_ident(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            ask.check("hang", b"")
    finally:
        timer.join()
        signal.signal(signal.SIGINT, old)
    assert ask.check("size", b"1234").line == 4


def test_close_ends_it_and_leaves_no_zombie(ask: ParserProcess) -> None:
    pid = ask.check("pid", b"").line
    ask.close()
    assert not Path(f"/proc/{pid}").exists()
    assert ask.pid is None
    assert ask.check("pid", b"").line != pid


SHARED = ParserProcess(launch)


def _asked(size: int) -> tuple[int, int, int]:
    """In a worker: its own number, its parser's, and an answer."""
    return os.getpid(), SHARED.check("pid", b"").line, SHARED.check("size", b"x" * size).line


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_worker_has_a_parser_of_its_own_and_takes_it_along() -> None:
    ours = SHARED.check("pid", b"").line
    try:
        with ProcessPoolExecutor(2, get_context("fork")) as pool:
            answers = list(pool.map(_asked, range(0, 200_000, 1001)))
        assert [size for _, _, size in answers] == list(range(0, 200_000, 1001))
        parsers = {worker: parser for worker, parser, _ in answers}
        assert ours not in parsers.values() and len(set(parsers.values())) == len(parsers)
        assert not any(_signalled(parser) for parser in parsers.values()), "left to whoever inherits orphans"
        assert SHARED.check("pid", b"").line == ours
    finally:
        SHARED.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_while_a_thread_waits_for_an_answer_is_not_stuck() -> None:
    parser = ParserProcess(launch, seconds=3)
    parser.check("", b"")
    thread = threading.Thread(target=parser.check, args=("hang", b""))
    thread.start()
    time.sleep(0.3)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if parser.check("size", b"12").line == 2 else 1)
    _, status = os.waitpid(child, 0)
    thread.join()
    parser.close()
    assert os.waitstatus_to_exitcode(status) == 0


RUNNER = textwrap.dedent("""
    import os, sys, pickle, time
    from telemetry_inject.engine.parser_process import ParserProcess, Launch
    launch = pickle.load(sys.stdin.buffer)
    parser = ParserProcess(lambda: launch)
    pid = parser.check("pid", b"").line
    if "fork" in sys.argv and os.fork() == 0:
        print(os.getpid(), parser.check("pid", b"").line, flush=True)
        time.sleep(30)
        os._exit(0)
    time.sleep(0.5)
    print(os.getpid(), pid, flush=True)
    if "stay" in sys.argv:
        time.sleep(600)
    if "raise" in sys.argv:
        raise RuntimeError
""")


def _run(*words: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(launch()))
    process.stdin.close()
    return process


def _pids(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    assert process.stdout is not None
    ours, parser = process.stdout.readline().split()
    return int(ours), int(parser)


@pytest.mark.parametrize("end", ["exit", "raise"])
def test_it_ends_with_us(end: str) -> None:
    with _run(end) as process:
        _, parser = _pids(process)
    assert gone(parser)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM"])
def test_it_ends_when_we_are_killed(how: str) -> None:
    with _run("stay") as process:
        ours, parser = _pids(process)
        os.kill(ours, getattr(signal, how))
    assert gone(parser)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_it_ends_when_we_are_killed_though_a_forked_child_lives_on() -> None:
    with _run("fork", "stay") as process:
        child, childs_parser = _pids(process)
        ours, parser = _pids(process)
        os.kill(ours, signal.SIGKILL)
        assert gone(parser)
        assert _signalled(child) and _signalled(childs_parser)
        os.kill(child, signal.SIGKILL)
        assert gone(childs_parser)


def test_nothing_is_left_open(ask: ParserProcess) -> None:
    descriptors: Callable[[], int] = lambda: len(os.listdir("/proc/self/fd"))  # noqa: E731
    if not Path("/proc/self/fd").exists():
        pytest.skip("descriptors cannot be counted here")
    before = descriptors()
    for kind in ("", "die", "", "nonsense", ""):
        ask.check(kind, b"")
    ask.close()
    assert descriptors() == before
