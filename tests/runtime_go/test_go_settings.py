"""Settings, the file, and what can go wrong with it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from pathlib import Path

import pytest

from runtime_go_support import CLEAN, Program, build, go, write_module
from telemetry_inject.report.span_file import Ignored, load_spans

PROGRAM = """
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	§
)

func f() { defer _tlm.Enter(nil, "f").Exit(nil) }

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	n := 1
	if len(os.Args) > 1 {
		n, _ = strconv.Atoi(os.Args[1])
	}
	var wait sync.WaitGroup
	for i := 0; i < n/1000; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := 0; i < 1000; i++ {
				f()
			}
		}()
	}
	wait.Wait()
	for i := 0; i < n%1000; i++ {
		f()
	}
	if len(os.Args) > 2 {
		fmt.Println("ready")
		time.Sleep(time.Minute)
	}
	fmt.Println("done")
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("settings"), PROGRAM)


def test_attributes_of_a_span_and_its_process(program: Program) -> None:
    outcome = program.run(env={"OTEL_SERVICE_NAME": "shop/é", "OTEL_RESOURCE_ATTRIBUTES": "a=b%20c,service.name=x"})
    span = outcome.one("f")
    assert span.attributes["code.function.name"] == "main.f"
    assert span.attributes["code.file.path"].endswith("/module/main.go")
    assert span.attributes["code.line.number"] == 1 + PROGRAM.splitlines().index(
        'func f() { defer _tlm.Enter(nil, "f").Exit(nil) }'
    )
    assert isinstance(span.attributes["thread.id"], int)
    (file,) = outcome.files
    line = json.loads(file.read_text())
    (found,) = line["resourceSpans"]
    values = {item["key"]: next(iter(item["value"].values())) for item in found["resource"]["attributes"]}
    pid = int(values.pop("process.pid"))
    assert file.name == f"shop_é-{pid}.jsonl"
    assert values == {
        "service.name": "shop/é",
        "a": "b c",
        "telemetry.sdk.name": "telemetry-inject",
        "telemetry.sdk.language": "go",
        "telemetry.sdk.version": "0.1.0",
    }


def test_the_service_is_named_after_the_program(program: Program) -> None:
    (file,) = program.run().files
    assert file.name.startswith("unknown_service_program-")


@pytest.mark.parametrize(
    "env",
    [
        {"TELEMETRY_INJECT_DISABLED": "True"},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_TRACES_SAMPLER": "always_off"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"},
        {"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"},
    ],
)
def test_nothing_is_written(program: Program, env: dict[str, str]) -> None:
    outcome = program.run(env=env)
    assert outcome.out == "done\n" and list(outcome.folder.iterdir()) == []


@pytest.mark.parametrize("value", ["1", "yes", "", "false"])
def test_only_true_is_true(program: Program, value: str) -> None:
    assert program.run(env={"TELEMETRY_INJECT_DISABLED": value}).spans


def test_a_ratio_keeps_whole_traces(tmp_path: Path) -> None:
    program = build(
        tmp_path,
        """
        package main

        import §

        func f() {
            defer _tlm.Enter(nil, "f").Exit(nil)
            g()
        }

        func g() { defer _tlm.Enter(nil, "g").Exit(nil) }

        func main() {
            for i := 0; i < 3000; i++ {
                f()
            }
            _tlm.Flush(0)
        }
        """,
    )
    env = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    names = [span.name for span in program.run(env=env).spans]
    assert names.count("f") == names.count("g") and 600 < names.count("f") < 900


def test_the_process_may_be_part_of_a_trace(program: Program) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    main = program.run(env={"TRACEPARENT": parent}).one("main")
    assert (main.trace_id, main.parent_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert main.parent_is_remote


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00-0-0-0",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)
def test_a_wrong_traceparent_is_ignored(program: Program, parent: str) -> None:
    assert program.run(env={"TRACEPARENT": parent}).one("main").parent_id == ""


def test_another_file(program: Program, tmp_path: Path) -> None:
    program.run(env={"TELEMETRY_INJECT_FILE": f"{tmp_path}/a/b/{{service}}-{{pid}}.x"})
    (file,) = (tmp_path / "a/b").iterdir()
    assert file.name.startswith("unknown_service_program-") and len(list(load_spans([file]))) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_span_is_lost_under_load(program: Program) -> None:
    outcome = program.run("30000", env={"OTEL_BSP_MAX_QUEUE_SIZE": "600"})
    assert len(outcome.named("f")) == 30000


@pytest.mark.parametrize("path", ["/dev/full", "/proc/nothing/x.jsonl", "/dev/null/x", "/"])
def test_what_cannot_be_written_is_dropped(program: Program, path: str) -> None:
    outcome = program.run("5000", env={"TELEMETRY_INJECT_FILE": path})
    assert (outcome.out, outcome.err) == ("done\n", "")


def test_a_folder_that_is_read_only(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    command = ["setpriv", "--reuid=65534", "--clear-groups"] if os.getuid() == 0 else []
    for parent in (program.folder, *program.folder.parents):
        if parent.owner() == "root" and parent != Path("/tmp") and len(parent.parts) > 2:
            parent.chmod(0o755)
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    outcome = program.run(cwd=folder, prefix=command)
    assert (outcome.out, outcome.err, list(folder.iterdir())) == ("done\n", "", [])


def test_a_full_disk_leaves_whole_lines(program: Program, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(
        [program.binary, "5000"], cwd=tmp_path, env=CLEAN, preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    ignored = Ignored()
    spans = list(load_spans(tmp_path.glob("telemetry/*"), ignored))
    assert 0 < len(spans) < 5001 and str(ignored) == ""


def test_the_file_has_a_largest_size_and_drops_are_counted(program: Program) -> None:
    outcome = program.run("5000", env={"TELEMETRY_INJECT_MAX_BYTES": "1000000"}, tree=False)
    (file,) = outcome.files
    ignored = Ignored()
    spans = list(load_spans([file], ignored))
    assert file.stat().st_size <= 1_000_000
    assert ignored.dropped + len(spans) == 5001 and ignored.dropped > 0


def test_spans_are_written_while_the_program_runs(program: Program, tmp_path: Path) -> None:
    with subprocess.Popen(
        [program.binary, "10", "wait"],
        cwd=tmp_path,
        env=CLEAN | {"OTEL_BSP_SCHEDULE_DELAY": "50"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for _ in range(1000):
            spans = list(load_spans(tmp_path.glob("telemetry/*")))
            if len(spans) == 10:
                break
            subprocess.run(["sleep", "0.02"], check=True)
        process.kill()
    assert len(spans) == 10


def test_a_child_process_has_its_own_file(tmp_path: Path) -> None:
    program = build(
        tmp_path,
        """
        package main

        import (
            "os"
            "os/exec"

            §
        )

        func child() { defer _tlm.Enter(nil, "child").Exit(nil) }

        func parent() (err error) {
            defer _tlm.Enter(nil, "parent").Exit(&err)
            return exec.Command(os.Args[0], "child").Run()
        }

        func main() {
            defer _tlm.Enter(nil, "main").Exit(nil)
            if len(os.Args) > 1 {
                child()
            } else if err := parent(); err != nil {
                panic(err)
            }
        }
        """,
    )
    outcome = program.run()
    assert len(outcome.files) == 2
    assert sorted(span.name for span in outcome.spans) == ["child", "main", "main", "parent"]


def test_a_pipe_that_nobody_reads_does_not_stop_the_program(program: Program, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert program.run(env={"TELEMETRY_INJECT_FILE": str(tmp_path / "pipe")}).out == "done\n"


def test_a_test_binary_writes_its_spans(tmp_path: Path) -> None:
    folder = write_module(
        tmp_path / "module",
        {
            "p/p.go": 'package p\n\nimport §\n\nfunc F() { defer _tlm.Enter(nil, "F").Exit(nil); g() }\n\nfunc g() { defer _tlm.Enter(nil, "g").Exit(nil) }\n',
            "p/p_test.go": 'package p\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestF(t *testing.T) { F() }\n\nfunc TestMain(m *testing.M) { os.Exit(m.Run()) }\n',
        },
    )
    go(folder, "test", "./...")
    assert {span.name for span in load_spans((folder / "p/telemetry").iterdir())} == {"F", "g"}
    assert "(cached)" in go(folder, "test", "./p")
