"""Where the file is, how it is named, how large it may get, and what happens when it can't be written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runtime_js_support import Program, function, spans_of

F = function("f", "")
LOOP = F + "for(let i=0;i<+process.argv[2];i++)f();\n"


def test_a_span_as_it_is_written(run: Program) -> None:
    env = {"OTEL_RESOURCE_ATTRIBUTES": "team=a%20b,host.name=h,service.name=other"}
    done = run("\n\n" + F + "f();", env=env)
    (span,) = done.spans
    assert span.attributes == {
        "code.function.name": "f",
        "code.file.path": str(done.folder / "program.cjs"),
        "code.line.number": 3,
        "thread.id": 0,
    }
    assert 0 < span.start <= span.end < span.start + 10**9 and span.flags == 0x101 and not span.failed
    assert span.resource.pop("process.pid") > 0
    assert span.resource == {
        "service.name": "other",
        "telemetry.sdk.name": "telemetry-inject",
        "telemetry.sdk.language": "nodejs",
        "telemetry.sdk.version": "0.1.0",
        "team": "a b",
        "host.name": "h",
    }
    assert (span.scope_name, span.scope) == ("telemetry-inject", {})
    assert done.files[0].name.startswith("other-") and done.files[0].stat().st_mode & 0o777 == 0o600


def test_times_are_those_of_the_day(run: Program) -> None:
    done = run(F + "console.log(Date.now());f();console.log(Date.now());")
    before, after = (int(line) for line in done.out.split())
    assert before - 50 <= done.one("f").start / 1e6 <= after + 50


def test_line_and_file_in_a_module(run: Program) -> None:
    span = run("\n" + F + "f();f();", file="progr äm.mjs").named("f")[1]
    assert span.attributes["code.line.number"] == 2
    assert span.attributes["code.file.path"] == str(run.folder / "progr äm.mjs")


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, "unknown_service:node"),
        ({"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}, "shop"),
        ({"OTEL_SERVICE_NAME": "", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}, "other"),
        ({"OTEL_SERVICE_NAME": "../../é x"}, "../../é x"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,broken=%zz"}, "unknown_service:node"),
    ],
)
def test_service_name(run: Program, env: dict[str, str], name: str) -> None:
    done = run(LOOP, "1", env=env)
    assert done.one("f").resource["service.name"] == name
    assert done.files[0].parent == done.folder / "telemetry"


@pytest.mark.parametrize(
    "env",
    [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_SDK_DISABLED": "TRUE"}, {"OTEL_TRACES_EXPORTER": "none"},
     {"TELEMETRY_INJECT_DISABLED": "true"}],
)  # fmt: skip
def test_switched_off_the_program_runs_and_nothing_is_written(run: Program, env: dict[str, str]) -> None:
    done = run(
        """
        function f(n){const _tlm_s=_tlm`f`.args({n});try{for(;n;n--)_tlm_s.loop("for+2");_tlm_s.branch("if+3");
          _tlm_s.handled("catch+4",n);_tlm_s.assign({n});return _tlm_s.returns(7)}
          catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
        async function a(){const _tlm_s=_tlm.async`a`;try{return _tlm_s.back(await _tlm_s.wait(8))}finally{_tlm_s.exit()}}
        function*g(){const _tlm_s=_tlm.generator`g`;try{yield 9}finally{_tlm_s.exit()}}
        _tlm.entry`e`;
        console.log(f(3),...g(),_tlm`x`===_tlm.async`y`);a().then(console.log);
        const error={};console.log(_tlm`f`.fail(error)===error);
    """,
        env=env,
    )
    assert done.out == "7 9 true\ntrue\n8\n" and not (done.folder / "telemetry").exists()


def test_a_program_that_calls_nothing_leaves_no_folder(run: Program) -> None:
    assert not (run("").folder / "telemetry").exists()


def test_the_file_stays_where_the_program_was_started(run: Program) -> None:
    done = run("const fs=require('fs');fs.mkdirSync('sub');process.chdir('sub');" + F + "f();")
    assert len(done.spans) == 1 and not (done.folder / "sub/telemetry").exists()


def test_another_file_is_named_by_a_variable(run: Program, tmp_path: Path) -> None:
    run(LOOP, "3", env={"TELEMETRY_INJECT_FILE": "deep/er/{service}.{pid}.log", "OTEL_SERVICE_NAME": "shop"})
    (file,) = (tmp_path / "deep/er").iterdir()
    assert file.name.startswith("shop.") and file.name.endswith(".log")
    assert sum(len(spans_of(line)) for line in file.read_text().splitlines()) == 3


def test_spans_are_written_in_batches_and_none_is_lost_or_doubled(run: Program) -> None:
    done = run(LOOP, "3000", env={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    sizes = [len(spans_of(line)) for line in done.files[0].read_text().splitlines()]
    assert sizes == [512] * 5 + [440]
    assert len({span.span_id for span in done.spans}) == 3000


def test_long_before_the_end_what_ended_is_in_the_file(run: Program) -> None:
    done = run(
        F
        + function(
            "main",
            """
            const fs=require('fs'),until=Date.now()+1100;f();while(Date.now()<until);f();
            console.log(fs.readFileSync('telemetry/'+fs.readdirSync('telemetry')[0],'utf8').split('"name":"f"').length-1);
            """,
        )
        + "main();"
    )
    assert done.out == "2\n"


def test_an_idle_program_writes_after_the_delay(run: Program) -> None:
    done = run(
        F + "f();setTimeout(()=>console.log(require('fs').readdirSync('telemetry').length),400);",
        env={"OTEL_BSP_SCHEDULE_DELAY": "50"},
    )
    assert done.out == "1\n" and len(done.spans) == 1


def test_the_size_is_bounded_and_what_is_missing_counted(run: Program) -> None:
    done = run(LOOP, "5000", env={"TELEMETRY_INJECT_MAX_BYTES": "500000"})
    (file,) = done.files
    assert 250_000 < file.stat().st_size <= 500_000
    *_, last = file.read_text().splitlines()
    (dropped,) = json.loads(last)["resourceSpans"][0]["scopeSpans"][0]["scope"]["attributes"]
    assert dropped["key"] == "telemetry.dropped_spans"
    assert int(dropped["value"]["intValue"]) + len(done.spans) == 5000


@pytest.mark.parametrize("place", ["/proc/nowhere/{pid}", "program.cjs/x", "/dev/full", ".", "a" + "/" * 5000])
def test_a_place_that_cannot_be_written_is_no_concern_of_the_program(run: Program, place: str) -> None:
    done = run(LOOP + "console.log('done')", "2000", env={"TELEMETRY_INJECT_FILE": place})
    assert (done.out, done.err) == ("done\n", "")


def test_a_write_that_stops_half_way_leaves_only_whole_lines(run: Program, tmp_path: Path) -> None:
    done = run(
        "const fs=require('fs'),write=fs.writeSync;let n=0;"
        "fs.writeSync=(f,b,o,l)=>{if(n++===1)l=1000;else if(n===3){throw new Error('full')}return write(f,b,o,l)};"
        'const {_tlm}=require("./_telemetry_inject.cjs");' + LOOP,
        "1500",
        header=False,
    )
    assert done.err == "" and [len(spans_of(line)) for line in done.files[0].read_text().splitlines()] == [512, 476, 0]
    assert done.spans[-1].scope == {"telemetry.dropped_spans": 512}


def test_two_processes_may_share_one_file(run: Program, tmp_path: Path) -> None:
    run(
        F
        + """
        const {spawn}=require('child_process');
        if(!process.argv[2])for(let i=0;i<3;i++)spawn(process.execPath,['program.cjs','child']);
        for(let i=0;i<1200;i++)f();
        """,
        env={"TELEMETRY_INJECT_FILE": "all.jsonl"},
    )
    spans = [span for line in (tmp_path / "all.jsonl").read_text().splitlines() for span in spans_of(line)]
    assert len(spans) == 4800 and len({span.resource["process.pid"] for span in spans}) == 4


def test_the_sampler_and_a_remote_parent(run: Program) -> None:
    assert run(LOOP, "50", env={"OTEL_TRACES_SAMPLER": "always_off"}).files == []
    done = run(LOOP, "2000", env={"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"})
    assert 800 < len(done.spans) < 1200
    for file in done.files:
        file.unlink()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    done = run(function("g", "") + function("f", "g()") + "f();", env={"TRACEPARENT": parent})
    f, g = done.one("f"), done.one("g")
    assert (f.trace_id, f.parent_id, f.flags) == (parent[3:35], parent[36:52], 0x301)
    assert (g.trace_id, g.parent_id, g.flags) == (parent[3:35], f.span_id, 0x101)
    for file in done.files:
        file.unlink()
    assert run(LOOP, "3", env={"TRACEPARENT": parent[:-1] + "0"}).files == []
    for broken in (
        "",
        "00-0-0-01",
        parent + "-x",
        "ff" + parent[2:],
        parent.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
    ):
        assert run(LOOP, "1", env={"TRACEPARENT": broken}).spans[-1].parent_id == ""


def test_ids_and_random_numbers_of_the_program_are_its_own(run: Program) -> None:
    done = run("let n=0;Math.random=()=>{n++;return 0.5};" + LOOP + "console.log(n);", "500")
    assert done.out == "0\n" and len({span.trace_id for span in done.spans}) == 500


def test_the_permission_model_is_obeyed_in_silence(run: Program) -> None:
    flags = ("--permission", "--allow-fs-read=*")
    done = run(LOOP + "console.log('done')", "600", flags=flags, version="24")
    assert (done.out, done.err, done.files) == ("done\n", "", [])


def test_without_a_working_directory(run: Program, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    done = run(
        "const fs=require('fs');fs.mkdirSync('gone');process.chdir('gone');fs.rmdirSync('../gone');"
        f"const {{_tlm}}=require({str(tmp_path / '_telemetry_inject.cjs')!r});" + LOOP + "console.log('done')",
        "3",
        header=False,
    )
    assert done.out == "done\n" and not gone.exists() and os.path.isdir(tmp_path)
