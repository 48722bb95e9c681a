"""What the toolchain thinks of the helper: form, vet, imports, platforms, old language versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime_go_support import HELPER, Program, build, go, write_module
from telemetry_inject.report.span_file import load_spans

USER = """
package main

import (
	"context"

	§
)

func f(ctx context.Context, a int) (_ int, _tlm_err error) {
	defer _tlm.Enter(&ctx, "f").Exit(&_tlm_err)
	return a, nil
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	_, _ = f(context.Background(), 1)
}
"""

LEAVES = {  # what the packages that the helper imports are made of, but for internal/...
    "context", "errors", "iter", "math", "math/bits", "reflect", "runtime", "slices", "cmp", "strconv", "sync",
    "sync/atomic", "syscall", "time", "unicode", "unicode/utf8", "unsafe",
}  # fmt: skip


def test_form() -> None:
    assert subprocess.run(["gofmt", "-l", HELPER], capture_output=True, text=True, check=True).stdout == ""
    for file in HELPER.iterdir():
        head = file.read_text(encoding="utf-8")[:2000]
        assert "telemetry-inject" in head and "SPDX-License-Identifier: Apache-2.0" in head, file


@pytest.mark.parametrize(
    "platform",
    [
        "linux/amd64",
        "linux/arm64",
        "linux/386",
        "linux/s390x",
        "windows/amd64",
        "darwin/arm64",
        "freebsd/amd64",
        "js/wasm",
        "wasip1/wasm",
        "plan9/amd64",
    ],
)
def test_platforms(tmp_path: Path, platform: str) -> None:
    system, machine = platform.split("/")
    folder = write_module(tmp_path / "module", {"main.go": USER})
    env = {"GOOS": system, "GOARCH": machine, "CGO_ENABLED": "0"}
    assert go(folder, "vet", "./...", env=env) == ""
    assert go(folder, "vet", "-tags=telemetry_http,purego", "./...", env=env) == ""
    go(folder, "build", "-o", str(tmp_path / "program"), ".", env=env)


def test_imports_are_few(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "module", {"main.go": USER})
    found = go(folder, "list", "-deps", "./internal/telemetryinject").split()
    public = {name for name in found if "internal" not in name and "/" + "telemetryinject" not in name}
    assert public - LEAVES == set()


@pytest.mark.parametrize("version", ["1.13", "1.16", "1.17", "1.18", "1.20", "1.21"])
def test_modules_of_old_language_versions(tmp_path: Path, version: str) -> None:
    build(tmp_path, USER, go_version=version).run()


def test_an_old_module_ends_without_type_parameters(tmp_path: Path) -> None:
    user = USER.replace('"context"\n', '"context"\n\t"os"\n').replace(
        "\t_, _ = f(context.Background(), 1)\n",
        "\t_, _ = f(context.Background(), 1)\n\t_ = _tlm.FlushValue(nil)\n\tos.Exit(_tlm.FlushCode(3))\n",
    )
    outcome = build(tmp_path, user, go_version="1.16").run(code=3)
    assert outcome.parents() == {"f": "main", "main": ""}


@pytest.mark.parametrize("platform", ["linux/386", "js/wasm"])
def test_other_platforms_run(tmp_path: Path, platform: str) -> None:
    system, machine = platform.split("/")
    program = build(tmp_path, USER, env={"GOOS": system, "GOARCH": machine, "CGO_ENABLED": "0"})
    prefix: list[str] = []
    if machine == "wasm":
        node = shutil.which("node")
        if node is None and os.environ.get("CI") != "true":
            pytest.skip("no node")
        root = go(tmp_path / "module", "env", "GOROOT").strip()
        prefix = [str(node), f"{root}/lib/wasm/wasm_exec_node.js"]
    assert program.run(prefix=prefix).parents() == {"f": "main", "main": ""}


def test_a_module_without_a_version(tmp_path: Path) -> None:
    folder = write_module(tmp_path / "module", {"main.go": USER})
    (folder / "go.mod").write_text("module example.com/m\n")
    go(folder, "build", "-mod=readonly", "-o", str(tmp_path / "program"), ".")


def test_an_overlay_changes_no_tree(tmp_path: Path) -> None:
    """The assembler needs a folder that is there: an overlay takes the files that do without assembly."""
    instrumented = write_module(tmp_path / "out", {"main.go": USER})
    helper = instrumented / "internal/telemetryinject"
    for with_assembly, without in (("lane_g.go", "lane_id.go"), ("caller_fp.go", "caller_none.go")):
        (helper / with_assembly).unlink()
        first, _, rest = (helper / without).read_text().partition("\n")
        assert first.startswith("//go:build ")
        (helper / without).write_text(rest)
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (folder / "main.go").write_text("package main\n\nfunc main() {}\n")
    replaced = {str(folder / path.relative_to(instrumented)): str(path) for path in instrumented.rglob("*.go")}
    (tmp_path / "overlay.json").write_text(json.dumps({"Replace": replaced}))
    go(folder, "build", f"-overlay={tmp_path}/overlay.json", "-o", str(tmp_path / "program"), ".")
    outcome = Program(tmp_path / "program", tmp_path).run()
    assert outcome.parents() == {"f": "main", "main": ""}
    assert sorted(path.name for path in folder.iterdir()) == ["go.mod", "main.go"]


def test_tests_with_a_fake_clock_and_without_leaks(tmp_path: Path) -> None:
    folder = write_module(
        tmp_path / "module",
        {
            "p/p.go": """
                package p

                import (
                    "context"
                    "time"

                    §
                )

                func F(ctx context.Context) (err error) {
                    defer _tlm.Enter(&ctx, "F").Exit(&err)
                    time.Sleep(time.Hour)
                    return nil
                }
                """,
            "p/p_test.go": """
                package p

                import (
                    "context"
                    "runtime"
                    "testing"
                    "testing/synctest"
                )

                func TestF(t *testing.T) {
                    before := runtime.NumGoroutine()
                    synctest.Test(t, func(t *testing.T) {
                        go F(context.Background())
                        _ = F(context.Background())
                        synctest.Wait()
                    })
                    if now := runtime.NumGoroutine(); now != before {
                        t.Fatal(before, now)
                    }
                }
                """,
        },
        go="1.25",
    )
    go(folder, "test", "./...")
    spans = list(load_spans((folder / "p/telemetry").iterdir()))
    assert [span.name for span in spans] == ["F", "F"]
    assert all(span.duration >= 3600 * 10**9 for span in spans)


def test_the_programs_variables_stay_on_its_stack(tmp_path: Path) -> None:
    user = USER.replace(
        'defer _tlm.Enter(&ctx, "f").Exit(&_tlm_err)\n',
        '_tlm_s := _tlm.Enter(&ctx, "f").Args("a", &a)\n\tdefer _tlm_s.Exit(&_tlm_err)\n\t_tlm_s.Assign("a", &a)\n',
    )
    folder = write_module(tmp_path / "module", {"main.go": user})
    assert "moved to heap" not in go(folder, "build", "-gcflags=-m", "-o", str(tmp_path / "program"), ".")


def test_the_race_detector_finds_no_race_in_the_helper(tmp_path: Path) -> None:
    program = build(
        tmp_path,
        """
        package main

        import (
            "context"
            "errors"
            "fmt"
            "sync"

            §
        )

        func shared(ctx context.Context, n int) (err error) {
            _tlm_s := _tlm.Enter(&ctx, "shared").Args("n", &n)
            defer _tlm_s.Exit(&err)
            var wait sync.WaitGroup
            for i := 0; i < 4; i++ {
                wait.Add(1)
                go func() {
                    defer wait.Done()
                    for i := 0; i < 50; i++ {
                        _tlm_s.Loop("for+6")
                        _tlm_s.Assign("i", &i)
                        _ = leaf(ctx)
                    }
                }()
            }
            go _tlm_s.Branch("late")
            wait.Wait()
            _ = fmt.Sprintf("%v %+v", ctx, ctx)
            return errors.New("x")
        }

        func leaf(ctx context.Context) (err error) {
            defer _tlm.Enter(&ctx, "leaf").Exit(&err)
            return errors.New("leaf")
        }

        func main() {
            defer _tlm.Enter(nil, "main").Exit(nil)
            var wait sync.WaitGroup
            for i := 0; i < 20; i++ {
                wait.Add(1)
                go func(i int) {
                    defer wait.Done()
                    _ = shared(context.Background(), i)
                    if i%5 == 0 {
                        _tlm.FlushAll()
                    }
                }(i)
            }
            wait.Wait()
        }
        """,
        flags=["-race"],
    )
    outcome = program.run(env={"OTEL_BSP_SCHEDULE_DELAY": "1"}, tree=False)
    assert outcome.err == "" and len(outcome.named("leaf")) == 20 * 200


def test_races_of_the_program_are_still_found(tmp_path: Path) -> None:
    program = build(
        tmp_path,
        """
        package main

        import (
            "time"

            §
        )

        var shared int

        func write() {
            defer _tlm.Enter(nil, "write").Exit(nil)
            shared++
        }

        func main() {
            defer _tlm.Enter(nil, "main").Exit(nil)
            go write()
            time.Sleep(200 * time.Millisecond)
            write()
        }
        """,
        flags=["-race"],
    )
    assert "DATA RACE" in program.run(code=None, tree=False).err
