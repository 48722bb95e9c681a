"""The command on a whole project: what comes out runs, tells its spans, and can be taken back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import FILES, Command, clean_environment, spans_of, tree


def run_program(folder: Path, *arguments: str, spans: Path) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(folder), "TELEMETRY_INJECT_FILE": str(spans), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_output_is_a_copy_that_runs_and_reports_its_spans(command: Command, project: Path, tmp_path: Path) -> None:
    out, spans = tmp_path / "out", tmp_path / "spans.jsonl"
    command(project, "--use-scripts", "-o", out)
    assert tree(project) == {name: text.encode() for name, text in FILES.items()}
    original = run_program(project, "main.py", spans=tmp_path / "none.jsonl")
    done = run_program(out, "main.py", spans=spans)
    assert (done.stdout, done.stderr, done.returncode) == (original.stdout, original.stderr, 0)
    found = spans_of(spans)
    names = sorted(str(span["name"]) for span in found)
    assert names == ["Failing.fail", "main", "square", "square", "square", "total"]
    by_id = {span["spanId"]: span for span in found}
    parents = {str(span["name"]): by_id.get(span.get("parentSpanId"), {}).get("name") for span in found}
    assert parents == {"main": None, "total": "main", "square": "total", "Failing.fail": "main"}
    failing = next(span for span in found if span["name"] == "Failing.fail")
    assert failing["status"]["code"] == 2  # type: ignore[index]


def test_everything_a_run_needs_is_copied_with_its_mode(command: Command, project: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command(project, "--use-scripts", "-o", out)
    helpers = {"_telemetry_inject.py", "app/_telemetry_inject.py", "plain/_telemetry_inject.py"}
    assert set(tree(out)) == set(FILES) | helpers
    assert (out / "README.md").read_bytes() == (project / "README.md").read_bytes()
    assert (out / "tests/test_core.py").read_bytes() == (project / "tests/test_core.py").read_bytes()
    assert (out / "plain/script.py").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("folder", "arguments"),
    [
        ("", ("plain/script.py", "ab")),
        ("plain", ("script.py", "ab")),
        ("", ("-m", "plain.script", "ab")),
        ("app", ("-c", "import core")),
        ("app/sub", ("deep.py",)),
        ("", ("-m", "app.sub.deep")),
        ("", ("-c", "exec(open('app/sub/deep.py').read()); print(square(3))")),
    ],
)
def test_modules_work_from_wherever_they_worked(
    command: Command, project: Path, tmp_path: Path, folder: str, arguments: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    command(project, "--use-scripts", "-o", out)
    before = run_program(project / folder, *arguments, spans=tmp_path / "none.jsonl")
    after = run_program(out / folder, *arguments, spans=tmp_path / "spans.jsonl")
    assert (after.stdout, after.returncode) == (before.stdout, before.returncode)
    assert after.stderr.splitlines()[-1:] == before.stderr.splitlines()[-1:]


def test_a_module_without_its_helper_still_works(command: Command, project: Path, tmp_path: Path) -> None:
    for level in ("function", "full"):
        out = tmp_path / level
        command(project, "--use-scripts", "--level", level, "-o", out)
        for helper in out.rglob("_telemetry_inject.py"):
            helper.unlink()
        done = run_program(out, "main.py", spans=tmp_path / "none.jsonl")
        assert (done.stdout, done.stderr) == ("14\non purpose\n", "")
        assert not (tmp_path / "none.jsonl").exists()


def test_the_second_run_writes_the_same_bytes_from_the_cache(command: Command, project: Path, tmp_path: Path) -> None:
    first = command(project, "--use-scripts", "-o", tmp_path / "one", "--json")
    second = command(project, "--use-scripts", "-o", tmp_path / "two", "--json")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert [file["cached"] for file in json.loads(first.stdout)["files"]] == [False] * 7
    assert [file["cached"] for file in json.loads(second.stdout)["files"]] == [True] * 7


def test_a_cached_run_loads_no_parser_and_no_model(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "out")
    probe = (
        "import sys\nfrom telemetry_inject.cli import main\n"
        f"main([{str(project)!r}, '--use-scripts', '-o', {str(tmp_path / 'again')!r}])\n"
        "print([name for name in ('tree_sitter', 'openai', 'anthropic', 'rich', 'multiprocessing.pool', 'asyncio')"
        " if name in sys.modules])"
    )
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=home, env=clean_environment(home), capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_one_changed_function_makes_one_new_script(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "out")
    core = project / "app/core.py"
    core.write_text(core.read_text().replace("on purpose", "by design"))
    done = command(project, "--use-scripts", "-o", tmp_path / "out", "--json")
    totals = json.loads(done.stdout)["totals"]
    assert totals["scripts_generated"] == 1
    assert "by design" in (tmp_path / "out/app/core.py").read_text()


def test_workers_or_not_the_bytes_are_the_same(command: Command, tmp_path: Path) -> None:
    project = tmp_path / "large"
    project.mkdir()
    for number in range(60):
        lines = [f"def f{number}_{n}(a):\n    if a:\n        return print(a, {n})\n" for n in range(150)]
        (project / f"m{number:02}.py").write_text("\n\n".join(lines))
    assert sum(path.stat().st_size for path in project.iterdir()) > 400_000
    reports = []
    for name, flags in (("serial", ["--no-parallel"]), ("parallel", ["--max-parallel", "2"])):
        done = command(project, "--use-scripts", "-o", tmp_path / name, "--no-cache", "--json", *flags)
        reports.append(json.loads(done.stdout)["files"])
    assert tree(tmp_path / "serial") == tree(tmp_path / "parallel")
    assert reports[0] == reports[1]


def test_in_place_and_back(command: Command, project: Path) -> None:
    before = tree(project)
    command(project, "--use-scripts", "--in-place")
    instrumented = tree(project)
    assert instrumented != before
    command(project, "--use-scripts", "--in-place")
    assert tree(project) == instrumented
    command(project, "--remove", "--in-place")
    assert tree(project) == before


def test_removal_keeps_what_was_edited_since(command: Command, project: Path) -> None:
    command(project, "--use-scripts", "--in-place", "--level", "full")
    deep = project / "app/sub/deep.py"
    deep.write_text(deep.read_text().replace("** 2", "** 3") + "\n\nvalue = 1\n")
    command(project, "--remove", "--in-place")
    assert deep.read_text() == FILES["app/sub/deep.py"].replace("** 2", "** 3") + "\n\nvalue = 1\n"
    assert not list(project.rglob("_telemetry_inject.py"))


def test_check_and_dry_run_write_nothing(command: Command, project: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    command(project, "--use-scripts", "--check", "--no-cache", check=1)
    command(project, "--use-scripts", "--dry-run", "--no-cache")
    assert tree(tmp_path).keys() - before.keys() <= {"home/key/cache.key"}
    command(project, "--use-scripts", "--in-place")
    command(project, "--use-scripts", "--check")


def test_the_diff_is_a_patch(command: Command, project: Path, tmp_path: Path) -> None:
    patch = command(project, "--use-scripts", "--diff", "--color", "never", check=None).stdout
    command(project, "--use-scripts", "-o", tmp_path / "out")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "apply", "-"], cwd=project, input=patch, text=True, check=True)
    after = {name: data for name, data in tree(project).items() if not name.startswith(".git/")}
    assert after == tree(tmp_path / "out")


def test_standard_input(command: Command) -> None:
    done = command("-", "--use-scripts", "--stdin-filename", "app.py", input="def f():\n    print(1)\n")
    assert '    with _tlm("f"):\n        print(1)\n' in done.stdout


def test_the_index_counts_the_scripts_as_the_reference_does(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "out")
    cache = tmp_path / "home/.telemetry_cache"
    index = json.loads((cache / "metadata/cache_index.json").read_text())
    scripts = sorted(path.stem for path in (cache / "scripts/python").glob("*.py"))
    tests = sorted(path.stem for path in (cache / "tests/python").glob("test_*.py"))
    assert len(index) == len(scripts) == 7
    assert tests == [f"test_{name}" for name in scripts]


def test_the_generated_tests_pass_and_the_scripts_run(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "out")
    cache = tmp_path / "home/.telemetry_cache"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(cache / "tests")],
        capture_output=True, text=True, cwd=tmp_path / "home",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout and "skipped" not in done.stdout
    script = next((cache / "scripts/python").glob("square_*.py"))
    source = FILES["app/sub/deep.py"].rstrip("\n")
    ran = subprocess.run([sys.executable, script], input=source.encode(), capture_output=True)
    assert ran.stdout.decode() == 'def square(value):\n    with _tlm("square"):\n        return int(value) ** 2'
    refused = subprocess.run([sys.executable, script], input=b"def other(): pass", capture_output=True)
    assert refused.returncode == 1 and refused.stdout == b""


def test_what_is_instrumented_already_is_known_the_second_time(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "--in-place")
    command(project, "--use-scripts", "--check")
    done = command(project, "--use-scripts", "--check", "--json")
    assert all(file["cached"] and file["status"] == "unchanged" for file in json.loads(done.stdout)["files"])
    command(project, "--use-scripts", "-o", tmp_path / "out")
    assert tree(project).items() <= tree(tmp_path / "out").items()


def test_an_output_inside_of_the_tree_is_not_instrumented_again(command: Command, project: Path) -> None:
    command(project, "--use-scripts", "-o", project / "one")
    command(project, "--use-scripts", "-o", project / "two")
    assert not (project / "two/one").exists()
    assert {name for name in tree(project / "two") if name.endswith(".py")} == {
        name for name in tree(project / "one") if name.endswith(".py")
    }


def test_a_copy_has_the_helpers_of_files_that_are_left_out_now(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "--in-place")
    older = (project / "plain/_telemetry_inject.py").read_bytes() + b"# older\n"
    for folder in ("plain", "app"):
        (project / folder / "_telemetry_inject.py").write_bytes(older)
    out = tmp_path / "out"
    command(project, "--use-scripts", "-o", out, "--exclude", "plain/")
    assert (out / "plain/_telemetry_inject.py").read_bytes() == older
    assert (out / "app/_telemetry_inject.py").read_bytes() + b"# older\n" == older  # that one has a new one
    done = run_program(out, "plain/script.py", "ab", spans=tmp_path / "spans.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    bare = tmp_path / "bare"
    command(out, "--remove", "-o", bare)
    assert tree(bare) == {name: text.encode() for name, text in FILES.items()}


def test_links_inside_of_the_tree_stay_inside_of_the_copy(command: Command, project: Path, tmp_path: Path) -> None:
    (project / "data.txt").symlink_to(project / "app/data.txt")
    (project / "app/sub/up").symlink_to("../data.txt")
    command(project, "--use-scripts", "-o", tmp_path / "out")
    assert (tmp_path / "out/data.txt").resolve() == (tmp_path / "out/app/data.txt").resolve()
    assert (tmp_path / "out/app/sub/up").resolve() == (tmp_path / "out/app/data.txt").resolve()
