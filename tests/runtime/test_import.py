"""The helper is small company: what importing it brings along, how tracers travel, which Pythons it runs on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from runtime_support import CLEAN, HELPER, PYTHONS, Run, spans_of

EVERYTHING = """
    import asyncio, os, sys, threading
    from _telemetry_inject import _tlm
    class Store:
        def fetch(self, key, n=1):
            with _tlm("Store.fetch", self=self, key=key, n=n) as _tlm_s:
                if n:
                    _tlm_s.branch("if+2")
                for i in range(n):
                    _tlm_s.loop("for+4")
                    list(numbers(i))
                try:
                    self.fail()
                except ValueError:
                    _tlm_s.handled("except+8")
                x = key; _tlm_s.assign(x=x)
                return _tlm_s.returns((x), _tlm_s)
        def fail(self):
            with _tlm("Store.fail"):
                raise ValueError("wrong")
    def numbers(n):
        with _tlm("numbers"):
            yield from range(n)
    async def job(n):
        with _tlm("job"):
            await asyncio.sleep(0)
            Store().fetch("k", n)
    async def main():
        with _tlm("main"):
            await asyncio.gather(job(2), job(3))
    asyncio.run(main())
    thread = threading.Thread(target=Store().fetch, args=("t",))
    thread.start(); thread.join()
    if os.fork() == 0:
        Store().fetch("child")
        os._exit(0)
    os.wait()
    for _ in range(50):
        Store().fetch("many", 0)
    print("done")
"""


@pytest.mark.parametrize("version", sorted(PYTHONS, key=lambda v: int(v[2:])))
def test_everything_works_on_every_python_that_is_here(run: Run, version: str) -> None:
    done = run(EVERYTHING, python=str(PYTHONS[version]), flags=("-W", "error"))
    assert (done.out, done.err) == ("done\n", "")
    assert len(done.named("Store.fetch")) == 54 and len(done.named("Store.fail")) == 54
    assert len(done.named("numbers")) == 7 and len(done.named("job")) == 2 and len(done.files) == 2
    assert all(span.attributes["error.type"] == "ValueError" for span in done.named("Store.fail"))
    assert all(not span.failed for span in done.named("Store.fetch"))


def test_the_source_is_that_of_the_oldest_python_supported() -> None:
    ast.parse(HELPER.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("version", sorted(PYTHONS, key=lambda v: int(v[2:])))
def test_importing_and_recording_loads_only_modules_written_in_c(version: str, tmp_path: Path) -> None:
    program = f"""
import sys
before = set(sys.modules)
sys.path.append({str(HELPER.parent)!r})
sys.dont_write_bytecode = True
from _telemetry_inject import _tlm
def f():
    with _tlm("f", a=[1, "x"]) as _tlm_s:
        raise ValueError(1)
for _ in range(520):
    try:
        f()
    except ValueError:
        pass
new = set(sys.modules) - before
for name in sorted(new):
    if str(getattr(sys.modules[name], "__file__", "")).endswith(".py"):
        print(name)
"""
    done = subprocess.run(
        [PYTHONS[version], "-S", "-I", "-c", program], cwd=tmp_path, env=CLEAN, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("_telemetry_inject\n", "")
    (file,) = tmp_path.glob("telemetry/*.jsonl")
    assert sum(len(spans_of(line)) for line in file.read_text().splitlines()) == 520


SHADOW = """
    import ast, os, pathlib, shutil, subprocess, sys
    library, shadow = pathlib.Path(os.__file__).parent, pathlib.Path("shadow")
    for package in ("json", "re", "collections", "importlib"):
        shutil.copytree(library / package, shadow / package)
    for name in ("contextlib", "functools", "os", "random", "threading", "weakref", "io", "posixpath", "codecs", "enum",
                 "types", "operator", "reprlib", "keyword", "warnings", "socket", "selectors", "traceback", "linecache"):
        shutil.copy(library / (name + ".py"), shadow)
    shutil.copy("_telemetry_inject.py", shadow)
    for file in shadow.glob("**/*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and "_telemetry" not in file.name:
                keep = 1 if ast.get_docstring(node) else 0
                block = ast.parse("with _tlm(%r): pass" % node.name).body[0]
                block.body = node.body[keep:] or [ast.Pass()]
                text = ast.unparse(block)
                if not any(word in text for word in ("locals()", "_getframe", "vars(", "eval(")):
                    node.body[keep:] = [block]
        body = tree.body
        at = next((i for i, x in enumerate(body) if not (i == 0 and ast.get_docstring(tree))
                   and getattr(x, "module", "") != "__future__"), len(body))
        body[at:at] = ast.parse("from _telemetry_inject import _tlm").body if "_telemetry" not in file.name else []
        file.write_text(ast.unparse(ast.fix_missing_locations(tree)))
    program = (
        "import contextlib, random, json, threading, functools, re, collections, socket, traceback, warnings\\n"
        "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()\\n"
        "print(json.dumps([re.sub('a', 'b', 'a')]))"
    )
    done = subprocess.run([sys.executable, "-X", "frozen_modules=off", "-S", "-c", program], env={"PYTHONPATH": "shadow"},
                          capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="", end="")
"""


def test_the_standard_library_itself_can_be_instrumented(run: Run) -> None:
    done = run(SHADOW, tree=False)
    assert done.out == 'thread\n["b"]\n'
    modules = {span.attributes["code.function.name"].partition(".")[0] for span in done.spans}
    assert {"re", "enum", "json", "functools", "os", "threading", "codecs"} <= modules


@pytest.mark.parametrize("protocol", range(6))
def test_a_tracer_is_copied_and_pickled_as_what_the_module_has(run: Run, protocol: int) -> None:
    done = run(
        """
        import copy, pickle, sys
        from _telemetry_inject import _tlm
        assert copy.deepcopy({"t": _tlm})["t"] is _tlm and copy.copy(_tlm) is _tlm
        data = pickle.dumps(_tlm, int(sys.argv[1]))
        assert pickle.loads(data) is _tlm
        import subprocess
        other = "import pickle, sys; t = pickle.loads(bytes.fromhex(sys.argv[1]))\\nwith t('there'): print(repr(t)[:30])"
        print(subprocess.run([sys.executable, "-c", other, data.hex()], capture_output=True, text=True))
        with _tlm("here") as span:
            assert pickle.loads(pickle.dumps(span)) is not None and copy.deepcopy(span) is not None
    """,
        str(protocol),
    )
    assert "<function _tlm:__main__ at" in done.out
    assert done.one("there").attributes["code.function.name"] == "__main__.there"


def test_cloudpickle_takes_instrumented_functions_of_main(run: Run) -> None:
    done = run("""
        import cloudpickle, subprocess, sys
        from _telemetry_inject import _tlm
        def double(n):
            with _tlm("double"):
                return 2 * n
        data = cloudpickle.dumps(double)
        other = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1]))(21))"
        print(subprocess.run([sys.executable, "-c", other, data.hex()], capture_output=True, text=True).stdout, end="")
    """)
    assert done.out == "42\n" and done.one("double")


def test_with_python_m_names_are_those_of_the_package(run: Run, tmp_path: Path) -> None:
    package = tmp_path / "pkg" / "sub"
    package.mkdir(parents=True)
    (tmp_path / "pkg/__init__.py").touch()
    (package / "__init__.py").touch()
    (tmp_path / "pkg/_telemetry_inject.py").write_text(HELPER.read_text())
    (package / "tool.py").write_text("from .._telemetry_inject import _tlm\ndef f():\n    with _tlm('f'): pass\nf()\n")
    done = run("import runpy, sys; runpy.run_module('pkg.sub.tool', run_name='__main__')")
    assert done.one("f").attributes["code.function.name"] == "pkg.sub.tool.f"


def test_a_module_that_is_loaded_again_reports_its_new_lines(run: Run) -> None:
    done = run("""
        import importlib, pathlib, sys
        sys.dont_write_bytecode = True
        text = "from _telemetry_inject import _tlm\\ndef f():\\n    with _tlm('f'): pass\\n"
        pathlib.Path("other.py").write_text(text)
        import other
        other.f()
        pathlib.Path("other.py").write_text("\\n\\n" + text)
        importlib.reload(other).f()
    """)
    assert [span.attributes["code.line.number"] for span in done.named("f")] == [2, 4]


def test_a_copy_with_another_protocol_is_left_alone(run: Run) -> None:
    done = run("""
        import sys, types
        stranger = types.ModuleType("_telemetry_inject"); stranger.PROTOCOL = 0
        import importlib.util
        sys.modules["_telemetry_inject"] = stranger
        spec = importlib.util.spec_from_file_location("pkg_helper", "_telemetry_inject.py")
        helper = sys.modules["pkg_helper"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(helper)
        from pkg_helper import _tlm
        with _tlm("f"): pass
    """)
    assert done.one("f")


def test_type_checkers_see_through_the_helper(tmp_path: Path) -> None:
    (tmp_path / "_telemetry_inject.py").write_text(HELPER.read_text())
    (tmp_path / "typed.py").write_text(
        "from _telemetry_inject import _tlm\n\n\n"
        "def f(x: int) -> int:\n"
        '    with _tlm("f", x=x) as _tlm_s:\n'
        '        _tlm_s.branch("if+1")\n'
        "        return _tlm_s.returns((x), _tlm_s)\n\n\n"
        "def g(x: int) -> str:\n"
        '    with _tlm("g"):\n'
        "        return str(x)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "typed.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
