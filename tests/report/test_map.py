"""`--map`: which functions get spans, which were called, what cannot be told, as text, JSON and page; nothing is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spans_support import CLEAN, batch, key_values, span, tool, write

ROOT = Path(__file__).resolve().parents[2]
STORE = """\
class Store:
    @property
    def size(self):
        total = sum([1, 2])
        return total

    @size.setter
    def size(self, value):
        self.value = sum([value])
        self.known = True

    def get(self, key):
        def find():
            return str(key) + str(key)
        return find()

    def path(self):
        return 1


def unused(value):
    value = str(value)
    return value
"""
MAIN = "from shop.store import Store\n\n\ndef main():\n    store = Store()\n    store.size = 3\n    return store.get(5)\n\n\nmain()\n"


def document(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    """The JSON document of a map."""
    found: dict[str, Any] = json.loads(tool(*arguments, "--map", "--json", cwd=cwd))
    return found


def states(found: dict[str, Any]) -> dict[str, tuple[str, int | None]]:
    """State and calls of each function, by path and name."""
    return {
        f"{file['path']}:{each['name']}": (each["state"], each["calls"])
        for file in found["files"]
        for each in file["functions"]
    }


def at(file: str, name: str, line: int, number: int, **more: Any) -> dict[str, Any]:
    """A span of a function at a place."""
    facts = {"code_function_name": f"m.{name}", "code_file_path": file, "code_line_number": line}
    if not file:
        del facts["code_file_path"], facts["code_line_number"]
    return span(number, name, number * 10, number * 10 + 5, attributes=key_values(**facts, thread_id=1), **more)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/__init__.py").write_text("")
    (folder / "shop/store.py").write_text(STORE)
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def ran(shop: Path) -> Path:
    """The spans of an instrumented copy."""
    room = shop.parent
    tool(shop, "--use-scripts", "-o", "copy", "-q", cwd=room)
    spans = room / "spans.jsonl"
    subprocess.run(
        [sys.executable, "main.py"], cwd=room / "copy", env=CLEAN | {"TELEMETRY_INJECT_FILE": str(spans)}, check=True
    )
    return spans


def test_each_function_is_there_with_its_line_and_the_reason_why_it_gets_no_spans(shop: Path) -> None:
    found = document(shop, cwd=shop.parent)
    (store,) = [file for file in found["files"] if file["path"] == "shop/store.py"]
    assert [(each["line"], each["name"], each["status"], each["reason"]) for each in store["functions"]] == [
        (3, "Store.size", "instrumented", ""),
        (8, "Store.size#2", "instrumented", ""),
        (12, "Store.get", "instrumented", ""),
        (13, "Store.get.<locals>.find", "instrumented", ""),
        (17, "Store.path", "skipped", "trivial"),
        (21, "unused", "instrumented", ""),
    ]
    assert found["reasons"] == [{"reason": "trivial", "count": 1}]
    assert (found["totals"]["functions"], found["totals"]["instrumented"], found["totals"]["share"]) == (7, 6, 0.8571)
    assert found["spans"] is None


def test_folders_sum_up_what_is_below_them_in_a_stable_order(shop: Path) -> None:
    found = document(shop, cwd=shop.parent)
    assert [(each["path"], each["files"], each["functions"]) for each in found["folders"]] == [
        ("", 3, 7),
        ("shop", 2, 6),
    ]
    assert [file["path"] for file in found["files"]] == ["main.py", "shop/__init__.py", "shop/store.py"]
    again = document(shop, "--no-parallel", "--no-cache", cwd=shop.parent)
    assert again["files"] == found["files"]


def test_nothing_but_the_cache_is_written(shop: Path) -> None:
    tool(shop, "--map", cwd=shop.parent)
    assert {path.name for path in shop.parent.iterdir()} == {"source", ".telemetry_cache", "key"}
    assert (shop / "main.py").read_text() == MAIN
    again = json.loads(tool(shop, "--use-scripts", "--dry-run", "--json", cwd=shop.parent))
    assert again["totals"]["functions_from_cache"] == 6


def test_a_tree_with_telemetry_in_it_has_the_same_map(shop: Path) -> None:
    before = states(document(shop, cwd=shop.parent))
    tool(shop, "--use-scripts", "--in-place", "-q", cwd=shop.parent)
    assert states(document(shop, cwd=shop.parent)) == before


def test_calls_are_found_in_the_copy_that_ran(shop: Path, ran: Path) -> None:
    found = document(shop, "--spans", ran, cwd=shop.parent)
    assert states(found) == {
        "main.py:main": ("called", 1),
        "shop/store.py:Store.size": ("never called", 0),
        "shop/store.py:Store.size#2": ("called", 1),
        "shop/store.py:Store.get": ("called", 1),
        "shop/store.py:Store.get.<locals>.find": ("called", 1),
        "shop/store.py:Store.path": ("skipped", None),
        "shop/store.py:unused": ("never called", 0),
    }
    assert found["totals"]["called"] == 4 and found["totals"]["never_called"] == 2
    assert found["spans"]["ran_in"] == [{"folder": str(shop.parent / "copy")[1:], "folder_of_tree": "", "files": 2}]


def test_the_copy_may_be_gone_or_have_run_elsewhere(shop: Path, ran: Path) -> None:
    known = states(document(shop, "--spans", ran, cwd=shop.parent))
    shutil.rmtree(shop.parent / "copy")
    moved = write(shop.parent / "moved.jsonl", ran.read_text().replace(str(shop.parent / "copy"), "/srv/app"))
    assert states(document(shop, "--spans", moved, cwd=shop.parent)) == known
    windows = ran.read_text().replace(str(shop.parent / "copy"), "C:/build").replace("/", "\\\\")
    assert states(document(shop, "--spans", write(shop.parent / "w.jsonl", windows), cwd=shop.parent)) == known


def test_functions_of_one_name_are_not_guessed_when_the_code_has_moved_since(shop: Path, ran: Path) -> None:
    shutil.rmtree(shop.parent / "copy")
    store = shop / "shop/store.py"
    store.write_text("import json\n" * 40 + STORE)
    found = document(shop, "--spans", ran, cwd=shop.parent)
    told = states(found)
    assert told["shop/store.py:Store.get"] == ("called", 1)
    assert told["shop/store.py:Store.size"] == told["shop/store.py:Store.size#2"] == ("calls not known", None)
    (doubt,) = found["spans"]["not_told_apart"]
    assert (doubt["name"], doubt["calls"], len(doubt["may_be"])) == ("Store.size", 1, 2)
    words = tool(shop, "--map", "--spans", ran, cwd=shop.parent)
    assert "note: 1 call of Store.size cannot be told apart: 2 functions of shop/store.py have this name" in words


def test_a_file_that_could_be_two_of_the_tree_is_said(tmp_path: Path) -> None:
    for place in ("one/app.py", "two/app.py"):
        (tmp_path / "tree" / place).parent.mkdir(parents=True)
        (tmp_path / "tree" / place).write_text("def f(a):\n    a = str(a)\n    return a\n")
    (tmp_path / "tree/sure.py").write_text("def g(a):\n    a = str(a)\n    return a\n")
    spans = write(tmp_path / "s.jsonl", batch([at("/x/app.py", "f", 4, 1), at("/x/sure.py", "g", 4, 2)]))
    found = document("tree", "--spans", spans, cwd=tmp_path)
    assert states(found) == {
        "one/app.py:f": ("calls not known", None), "two/app.py:f": ("calls not known", None), "sure.py:g": ("called", 1)
    }  # fmt: skip
    assert "may be any of one/app.py, two/app.py" in found["spans"]["not_told_apart"][0]["why"]


def test_the_other_files_of_a_program_tell_which_of_two_it_was(tmp_path: Path) -> None:
    for place, name in (("one/app.py", "f"), ("two/app.py", "f"), ("two/more.py", "g")):
        (tmp_path / "tree" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / place).write_text(f"def {name}(a):\n    a = str(a)\n    return a\n")
    spans = write(tmp_path / "s.jsonl", batch([at("/x/app.py", "f", 4, 1), at("/x/more.py", "g", 4, 2)]))
    assert states(document("tree", "--spans", spans, cwd=tmp_path)) == {
        "one/app.py:f": ("never called", 0), "two/app.py:f": ("called", 1), "two/more.py:g": ("called", 1)
    }  # fmt: skip


def test_what_a_compiler_has_written_counts_for_its_source(tmp_path: Path) -> None:
    (tmp_path / "tree/src").mkdir(parents=True)
    (tmp_path / "tree/src/limit.ts").write_text("export function f(a: number) { const b = a + 1; return String(b); }\n")
    (tmp_path / "tree/package.json").write_text('{"type": "module"}')
    spans = write(tmp_path / "s.jsonl", batch([at("file:///app/dist/limit.js", "f", 1, 1)], language="nodejs"))
    assert states(document("tree", "--spans", spans, cwd=tmp_path)) == {"src/limit.ts:f": ("called", 1)}


def test_spans_that_are_not_of_the_tree_are_counted_and_said(shop: Path) -> None:
    spans = [
        at("/x/main.py", "main", 4, 1),
        at("/x/main.py", "renamed", 9, 2),
        at("/y/other.py", "f", 1, 3),
        at("", "g", 1, 4),
    ]
    lines = tool(shop, "--map", "--spans", write(shop.parent / "s.jsonl", batch(spans)), cwd=shop.parent)
    assert "1 of 6 were called (17%), 5 never; 4 spans in 1 file" in lines
    assert "note: 1 span of functions that their files no longer have: main.py:renamed" in lines
    assert "note: 1 span of files that are not in this tree: /y/other.py" in lines
    assert "note: 1 span that name no file" in lines


def test_a_reviewer_sees_first_what_has_no_spans_or_was_never_called(shop: Path, ran: Path) -> None:
    lines = tool(shop, "--map", "--spans", ran, cwd=shop.parent).splitlines()
    assert lines[:2] == [
        "6 of 7 functions get spans (86%), in 2 files",
        "4 of 6 were called (67%), 2 never; 4 spans in 1 file",
    ]
    listed = lines[lines.index("functions without spans, or never called") + 1 :]
    assert [line.split(maxsplit=2) for line in listed[1:]] == [
        ["3", "Store.size", "never called"],
        ["17", "Store.path", "skipped: trivial"],
        ["21", "unused", "never called"],
    ]
    assert "called once" in tool(shop, "--map", "--spans", ran, "-v", cwd=shop.parent)


def test_the_report_shows_the_same_map(shop: Path, ran: Path) -> None:
    room = shop.parent
    told = tool(shop, "--map", "--spans", ran, cwd=room)
    assert tool("report", ran, "--source", shop, "--map", cwd=room) == told
    assert json.loads(tool("report", ran, "--source", shop, "--map", "--json", cwd=room)) == document(
        shop, "--spans", ran, cwd=room
    )
    assert "is of the source" in tool("report", ran, "--map", cwd=room, code=2)


def test_spans_of_one_service_can_be_chosen_in_the_report(shop: Path) -> None:
    lines = batch([at("/x/main.py", "main", 4, 1)]) + batch(
        [at("/x/shop/store.py", "unused", 24, 2)], service="other", pid=2
    )
    spans = write(shop.parent / "s.jsonl", lines)
    found = json.loads(
        tool("report", spans, "--source", shop, "--map", "--json", "--service", "other", cwd=shop.parent)
    )
    assert {name for name, (state, _) in states(found).items() if state == "called"} == {"shop/store.py:unused"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no spans\n", "not a span file"),
        ("", "there are no spans in it"),
        ('{"resourceMetrics": []}\n', "there are no spans in it"),
        (batch([at("/y/other.py", "f", 1, 1)]), "none of the 1 spans is of a function in"),
        (batch([at("/y/main.py", "gone", 1, 1)]), "main.py no longer has a function gone"),
        (batch([at("", "f", 1, 1)]), "They name no files"),
    ],
)
def test_spans_that_cannot_be_used_are_an_error(shop: Path, text: str, said: str) -> None:
    assert said in tool(shop, "--map", "--spans", write(shop.parent / "s.jsonl", text), cwd=shop.parent, code=2)


@pytest.mark.parametrize(
    "flags",
    [["--in-place"], ["--check"], ["--diff"], ["--remove"], ["-o", "x"], ["--verify", "true"], ["--overlay", "x"], ["--prune-from", "x"]],
)  # fmt: skip
def test_a_map_goes_with_nothing_that_writes(shop: Path, flags: list[str]) -> None:
    assert "do not go together" in tool(shop, "--map", *flags, cwd=shop.parent, code=2)


def test_flags_of_a_map_without_it_are_an_error(shop: Path) -> None:
    assert "--spans is only for --map" in tool(shop, "--spans", "x.jsonl", cwd=shop.parent, code=2)
    assert "--html is only for --map" in tool(shop, "--html", "x.html", cwd=shop.parent, code=2)


def test_a_page_is_one_file_that_fetches_nothing(shop: Path, ran: Path) -> None:
    tool(shop, "--map", "--spans", ran, "--html", "map.html", cwd=shop.parent)
    page = (shop.parent / "map.html").read_text()
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)\s*=|url\(|@import|unsafe-inline""", page)
    assert "Store.get.&lt;locals&gt;.find" in page
    assert len(page) < 20_000


@pytest.mark.skipif(os.name == "nt", reason="such names are not allowed")
def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = "a</script><img src=x onerror=alert(1)>\x1b[31m\u202e"
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / f"{name.replace('/', '')}.py").write_text("def f(a):\n    a = str(a)\n    return a\n")
    tool("tree", "--map", "--html", "map.html", cwd=tmp_path)
    page = (tmp_path / "map.html").read_text()
    assert "<img" not in page and "&lt;img" in page
    assert "\x1b" not in page and "\u202e" not in page
    shown = tool("tree", "--map", "-v", cwd=tmp_path)
    assert "\x1b" not in shown and "\u202e" not in shown


def test_languages_that_cannot_be_read_and_files_that_fail_are_no_failure_of_a_view(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.rs").write_text("fn main() {}\n")
    (tmp_path / "tree/b.py").write_text("def broken(:\n    pass\n")
    lines = tool("tree", "--map", cwd=tmp_path)
    assert lines.startswith("No functions were found")
    assert "1 file of Rust" in lines
    assert "files not looked into" in lines


def test_of_many_functions_the_first_are_shown_and_all_are_in_the_documents(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    for number in range(50):
        body = "".join(f"def f{each}(a):\n    return a\n\n\n" for each in range(10))
        (tmp_path / f"tree/m{number:02}.py").write_text(body)
    lines = tool("tree", "--map", cwd=tmp_path).splitlines()
    assert lines[-1] == "... and 400 more; -v shows all functions, --json and --html hold them"
    assert "... and 50 files; -v shows them, --json and --html hold them" in lines
    assert len(states(document("tree", cwd=tmp_path))) == 500
    assert len(tool("tree", "--map", "-v", cwd=tmp_path).splitlines()) > 600


def test_a_single_file_and_spans_from_standard_input(shop: Path, ran: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "telemetry_inject", str(shop / "shop/store.py"), "--map", "--spans", "-"],
        cwd=shop.parent, env=CLEAN, input=ran.read_bytes(), capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().splitlines()[1] == "3 of 5 were called (60%), 2 never; 4 spans in 1 file"


def test_a_link_to_the_tree_and_a_run_of_the_tree_itself(shop: Path) -> None:
    room = shop.parent
    (room / "link").symlink_to(shop)
    tool("link", "--use-scripts", "--in-place", "-q", cwd=room)
    environment = CLEAN | {"TELEMETRY_INJECT_FILE": str(room / "s.jsonl"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "main.py"], cwd=room / "link", env=environment, check=True)
    for path in ("link", "source", "link/../source/."):
        assert document(path, "--spans", "s.jsonl", cwd=room)["totals"]["called"] == 4


def test_files_that_are_no_source_are_not_read(shop: Path) -> None:
    """A recorded path is only looked at when it is an ordinary file: a pipe would wait for ever."""
    pipe = shop.parent / "elsewhere/shop/store.py"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    spans = write(shop.parent / "s.jsonl", batch([at(str(pipe), "Store.size", 99, 1), at("/x/main.py", "main", 4, 2)]))
    assert states(document(shop, "--spans", spans, cwd=shop.parent))["shop/store.py:Store.size"] == (
        "calls not known",
        None,
    )
