"""A run that asks no model imports nothing for it; what is missing is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("openai", "anthropic", "httpx2", "genai_prices", "pydantic", "telemetry_inject.llm")


def imported(program: str, folder: Path, *arguments: str) -> set[str]:
    watched = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('LOADED', *(n for n in {HEAVY!r} if n in sys.modules), file=sys.stderr))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched + program, *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split()[1:])


def test_a_script_run_first_or_cached_imports_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("def f(x):\n    y = x + 1\n    print(y)\n    return y\n")
    program = "import sys; from telemetry_inject.cli import main; code = main(sys.argv[1:]); assert code == 0, code"
    for _ in range(2):
        assert imported(program, tmp_path, "src", "--use-scripts", "--no-parallel") == set()


def test_looking_for_a_provider_imports_no_sdk(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from telemetry_inject.config import load_settings\n"
        "from telemetry_inject.llm.detection import detect\n"
        "here = Path('.')\n"
        "assert detect(load_settings({'path': '.'}, {'OPENAI_API_KEY': 'sk-1'}, here), {}).provider == 'openai'\n"
        "assert detect(load_settings({'path': '.'}, {}, here), {'OLLAMA_HOST': '127.0.0.1:9'}) is None\n"
    )
    assert imported(program, tmp_path) == {"telemetry_inject.llm"}


@pytest.mark.parametrize(
    ("provider", "missing"), [("openai", "openai"), ("anthropic", "anthropic"), ("ollama", "httpx2")]
)
def test_a_missing_package_says_how_to_get_it(provider: str, missing: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from telemetry_inject.llm.detection import Choice\n"
        "from telemetry_inject.llm.factory import build_provider\n"
        "from telemetry_inject.llm.errors import SdkMissing\n"
        "from telemetry_inject.option_kinds import Secret\n"
        f"try: build_provider(Choice({provider!r}, 'm', '', Secret('k'), 5.0, ''))\n"
        "except SdkMissing as error: print(error.title, error.help_text)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert f"the package {missing} is not installed" in done.stdout, done.stderr
    assert "telemetry-inject[llm]" in done.stdout
