"""Source files that nobody reads: a run counts them and says what would read them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "a.R": "f <- function(x) {\n  x\n}\n",
    "b.tcl": "proc f {x} {\n  return $x\n}\n",
    "c.awk": "function f(x) { return x }\n",
    "d.ex": "defmodule A do\n  def f(x), do: x\nend\n",
    "e.jl": "function f(x)\n  x\nend\n",
    "g.rb": "def f(x)\n  x\nend\n",
    "h.sh": "#!/bin/bash\nf() {\n  true\n}\n",
    "i.md": "# Title\n",
    "node_modules/x/a.rs": "fn f() {\n}\n",
}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "OLLAMA_HOST": "127.0.0.1:1"}
    command = [sys.executable, "-m", "telemetry_inject", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {**FILES, "p.py": "def f(x):\n    return len(x)\n"}.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_languages_that_nobody_reads_are_counted_and_copied(tree: Path) -> None:
    done = run(tree, "src")
    assert done.returncode == 0
    assert "Not instrumented: 1 file of Bash, 1 file of Ruby (they need a model: --configure)" in done.stdout
    others = "1 file of Awk, 1 file of Elixir, 1 file of Julia, 1 file of R, 1 file of Tcl"
    assert f"Not instrumented: {others} (no language pack: docs/adding-a-language.md)" in done.stdout
    assert (tree / "instrumented" / "a.R").read_text() == FILES["a.R"]
    unread = json.loads(run(tree, "src", "--json").stdout)["unread"]
    assert {"language": "R", "files": 1, "needs": "a language pack"} in unread
    assert {"language": "Ruby", "files": 1, "needs": "a model"} in unread
    assert "Rust" not in str(unread)


def test_a_tree_with_nothing_else_says_so_too(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.R").write_text(FILES["a.R"])
    done = run(tmp_path, "src")
    assert done.returncode == 0 and "1 file of R (no language pack" in done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.R", "R needs a language pack"), ("g.rb", "Ruby needs a model"), ("i.md", "no language pack knows")],
)
def test_a_file_that_was_named_says_what_it_needs(name: str, words: str, tree: Path) -> None:
    done = run(tree, f"src/{name}")
    assert done.returncode == 2 and words in done.stderr


def test_a_tree_of_known_languages_says_nothing(tree: Path) -> None:
    for name in FILES:
        (tree / "src" / name).unlink()
    assert "Not instrumented" not in run(tree, "src").stdout
