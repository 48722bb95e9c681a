"""Records real programs, makes pages of their spans, and uses the pages in Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tests/browser"))
from browser_support import CLEAN, modules, program  # noqa: E402

Recorded = Callable[[str], list[Path]]
Written = Callable[[str], Path]

PROGRAMS: dict[str, tuple[list[str], list[str]]] = {
    # example -> what builds it, what runs it
    "market_analyser": ([], [sys.executable, "-m", "market_analyser", "data"]),
    "order_service_js": ([], ["node", "src/main.js", "data/orders.json"]),
    "inventory_go": (["go", "build", "-o", "../inventory", "."], ["../inventory", "plan", "data/stock.csv"]),
    "mixed": ([], [sys.executable, "dispatch.py", "data/parcels.json"]),
    "three_services": ([], [sys.executable, "run.py"]),
}


def record(example: str, room: Path, level: str = "full") -> list[Path]:
    """Instrument an example, run it, and give the files that its processes wrote."""
    build, run = PROGRAMS[example]
    for word in ("node", "go") if example in ("mixed", "three_services") else (run[0], *build[:1]):
        if not word.startswith("../"):
            program(word)
    out = room / example
    source = ROOT / "examples" / example
    tool = [
        sys.executable,
        "-m",
        "telemetry_inject",
        source,
        "--use-scripts",
        "--no-cache",
        "--level",
        level,
        "-o",
        out,
    ]
    spans = room / "spans"
    telemetry = {
        "TELEMETRY_INJECT_FILE": str(spans / f"{example}-{{pid}}.jsonl"),
        "TELEMETRY_INJECT_PROPAGATE": "true",
    }
    for command, cwd, settings in ((tool, room, {}), (build, out, telemetry), (run, out, telemetry)):
        if command:
            environment = CLEAN | settings
            done = subprocess.run(
                list(map(str, command)),
                cwd=cwd,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    found = sorted(spans.glob("*.jsonl"))
    assert found
    return found


@dataclass
class Page:
    """One page at a time in a running Chromium; each method does what a person does, or looks at what is there."""

    process: subprocess.Popen[str]

    def _do(self, action: str, **rest: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"action": action, **rest}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser is gone"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def open(self, path: Path, width: int = 1280, height: int = 800, tab: str = "", **options: Any) -> Page:
        """Open a page and wait until it has read its data."""
        options = {"viewport": {"width": width, "height": height}, "colorScheme": "light", **options}
        self._do("open", url=path.resolve().as_uri() + (f"#{tab}" if tab else ""), options=options)
        return self

    def click(self, selector: str, x: int | None = None, y: int | None = None) -> None:
        options = {} if x is None else {"position": {"x": x, "y": y}}
        self._do("click", selector=selector, options=options)

    def double(self, selector: str, x: int, y: int) -> None:
        self._do("double", selector=selector, options={"position": {"x": x, "y": y}})

    def hover(self, selector: str, x: int, y: int) -> None:
        self._do("hover", selector=selector, options={"position": {"x": x, "y": y}})

    def fill(self, selector: str, text: str) -> None:
        self._do("fill", selector=selector, text=text)

    def choose(self, selector: str, text: str) -> None:
        self._do("choose", selector=selector, text=text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._do("press", key=key)

    def see(self, selector: str, text: str = "") -> None:
        """Wait until it is there."""
        self._do("see", selector=selector, text=text)

    def text(self, selector: str) -> str:
        return str(self._do("text", selector=selector))

    def texts(self, selector: str) -> list[str]:
        return list(self._do("texts", selector=selector))

    def evaluate(self, script: str) -> Any:
        return self._do("evaluate", script=script)

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        self._do("until", script=script)

    def media(self, **options: Any) -> None:
        self._do("media", options=options)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self._do("drag", **{"from": start, "to": end})

    def wheel(self, at: tuple[int, int], by: tuple[int, int], key: str = "") -> None:
        self._do("wheel", at=at, by=by, key=key)

    def picture(self, path: Path) -> None:
        self._do("picture", path=str(path))

    def pdf(self) -> int:
        """How many bytes it has when it is printed."""
        return int(self._do("pdf"))

    def view(self) -> tuple[int, int]:
        """Which part of time the timeline shows, in nanoseconds, once it is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = self.evaluate("(({from, to}) => [Number(from), Number(to)])(document.querySelector('.spans').dataset)")
        return found[0], found[1]

    def quiet(self) -> None:
        """Check that nothing went wrong and that nothing was asked for but the page itself."""
        seen = self._do("seen")
        assert seen["console"] == [], seen["console"]
        assert seen["dialogs"] == 0
        assert [url for url in seen["requests"] if not url.startswith("file:///")] == []
        assert len(seen["requests"]) == 1


@contextmanager
def browsing() -> Iterator[Page]:
    """A browser, until the end of the block."""
    command = [program("node"), str(HERE / "drive.mjs"), str(modules()), program("chromium", "chromium-browser")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        yield Page(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(20) == 0


def copied_page(folder: Path) -> Path:
    """The page's sources in a folder, with what they are built from installed."""
    shutil.copytree(ROOT / "page", folder, ignore=shutil.ignore_patterns("node_modules"))
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder
