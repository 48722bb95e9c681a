"""Where settings come from, which source wins, and the words for what is not allowed."""

from __future__ import annotations

import json
import os
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from telemetry_inject.arguments import parse_arguments
from telemetry_inject.config import Settings, load_settings
from telemetry_inject.config_checks import check_settings
from telemetry_inject.errors import UsageError
from telemetry_inject.option_kinds import Secret
from telemetry_inject.types import Level


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own: the search for project files ends here."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(*argv: str, environment: dict[str, str] | None = None, path: str = ".") -> Settings:
    return load_settings(parse_arguments([path, *argv]), environment or {}, Path.cwd())


def refused(*argv: str, environment: dict[str, str] | None = None) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        settings_of(*argv, environment=environment)
    return caught.value.title, caught.value.help_text


def test_defaults_are_those_of_the_reference(here: Path) -> None:
    settings = settings_of()
    assert (settings.max_parallel, settings.max_retries, settings.reflection_threshold) == (12, 3, 2)
    assert (settings.output, settings.cache_dir) == (Path("instrumented"), Path(".telemetry_cache"))
    assert (settings.validate, settings.level, settings.timeout) == (True, Level.FUNCTION, 120.0)
    assert settings.workers == 12


def test_flags_win_over_environment_over_dotenv_over_file(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.telemetry-inject]\nmax-parallel = 2\n")
    assert settings_of().max_parallel == 2
    (here / ".env").write_text("MAX_PARALLEL=3\n")
    assert settings_of().max_parallel == 3
    assert settings_of(environment={"MAX_PARALLEL": "4"}).max_parallel == 4
    assert settings_of("--max-parallel", "5", environment={"MAX_PARALLEL": "4"}).max_parallel == 5


def test_each_value_says_where_it_comes_from(here: Path) -> None:
    (here / "telemetry-inject.toml").write_text('level = "flow"\n')
    (here / ".env").write_text("LLM_MODEL=m\n")
    sources = settings_of("--no-cache", environment={"DEBUG_TRACE": "1"}).sources
    assert dict(sources) == {
        "cache": "--no-cache",
        "level": f"{here / 'telemetry-inject.toml'}: level",
        "debug-trace": "environment variable DEBUG_TRACE",
        "model": ".env: LLM_MODEL",
    }


def test_dotenv_reaches_neither_the_environment_nor_beats_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("OPENAI_API_KEY=sk-from-file\nexport LLM_MODEL='m'\n# x\nEMPTY=\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    settings = load_settings(parse_arguments(["."]), os.environ, here)
    assert settings.openai_api_key == Secret("sk-real")
    assert settings.model == "m"
    assert os.environ["OPENAI_API_KEY"] == "sk-real"
    assert "LLM_MODEL" not in os.environ


def test_an_empty_variable_counts_as_not_set(here: Path) -> None:
    (here / ".env").write_text("LLM_MODEL=\nMAX_PARALLEL=\n")
    settings = settings_of(environment={"LLM_PROVIDER": "", "LLM_TIMEOUT": "", "DEBUG": ""})
    assert (settings.model, settings.max_parallel, settings.provider) == ("", 12, "")


def test_a_line_of_dotenv_that_is_none_is_told_by_number(here: Path) -> None:
    (here / ".env").write_text("GOOD=1\nthis is = not 'a line\nLLM_MODEL=m\n")
    settings = settings_of()
    assert settings.model == "m"
    assert settings.notes == (f"{here / '.env'}: line 2 is not NAME=value and is ignored",)


def test_a_dotenv_that_is_no_text(here: Path) -> None:
    (here / ".env").write_bytes(b"\xff\xfe\x00")
    title, help_text = refused()
    assert title.startswith(f"{here / '.env'}: cannot be read")
    assert help_text == "Make it a UTF-8 text file or move it."


@pytest.mark.parametrize(
    ("argv", "environment", "title", "allowed"),
    [
        (["--max-parallel", "0"], {}, "--max-parallel: '0'", "a whole number, from 1 to 512"),
        (["--max-parallel", "-3"], {}, "--max-parallel: '-3'", "a whole number, from 1 to 512"),
        (["--max-parallel", "1_0"], {}, "--max-parallel: '1_0'", "a whole number, from 1 to 512"),
        (["--max-parallel", "9" * 30], {}, "--max-parallel: '999", "a whole number, from 1 to 512"),
        (["--max-retries", "-1"], {}, "--max-retries: '-1'", "a whole number, 0 or more"),
        (["--reflection-threshold", "x"], {}, "--reflection-threshold: 'x'", "a whole number, 1 or more"),
        (["--budget", "-1"], {}, "--budget: '-1'", "an amount of US dollars such as 5.00, 0 or more"),
        (["--budget", "nan"], {}, "--budget: 'nan'", "an amount of US dollars"),
        (["--budget", "$5"], {}, "--budget: '$5'", "an amount of US dollars"),
        (["--level", "deep"], {}, "--level: 'deep'", "one of function, flow, full"),
        (["--color", "blue"], {}, "--color: 'blue'", "one of auto, always, never"),
        (["--trace-level", "LOUD"], {}, "--trace-level: 'LOUD'", "one of TRACE, DEBUG, INFO, WARNING, ERROR"),
        (["--max-file-size", "big"], {}, "--max-file-size: 'big'", "a number of bytes, or a size such as"),
        (["--base-url", "localhost"], {}, "--base-url: 'localhost'", "an address that starts with http"),
        (["--base-url", "ftp://u:pw@h"], {}, "--base-url: the value", "an address that starts with http"),
        (["--output", ""], {}, "--output: ''", "a path"),
        (["--api-key", "a b"], {}, "--api-key: the value", "a key without spaces"),
        ([], {"MAX_PARALLEL": "many"}, "environment variable MAX_PARALLEL: 'many'", "a whole number"),
        ([], {"DEBUG_TRACE": "maybe"}, "environment variable DEBUG_TRACE: 'maybe'", "true or false"),
        ([], {"DEBUG_TRACE_LEVEL": "x"}, "environment variable DEBUG_TRACE_LEVEL: 'x'", "one of TRACE"),
        ([], {"LLM_PROVIDER": "x"}, "environment variable LLM_PROVIDER: 'x'", "one of openai, anthropic"),
        ([], {"LLM_TIMEOUT": "0"}, "environment variable LLM_TIMEOUT: '0'", "a number of seconds"),
        ([], {"OPENAI_API_KEY": "sk é"}, "environment variable OPENAI_API_KEY: the value", "a key without"),
    ],
)
def test_a_bad_value_names_its_source_and_what_is_allowed(
    here: Path, argv: list[str], environment: dict[str, str], title: str, allowed: str
) -> None:
    said, help_text = refused(*argv, environment=environment)
    assert said.startswith(title)
    assert said.endswith("is not allowed")
    assert help_text.startswith(f"Allowed: {allowed}")


@pytest.mark.parametrize(
    ("argv", "attribute", "value"),
    [
        (["--level", "FULL"], "level", Level.FULL),
        (["--trace-level", "trace"], "trace_level", "TRACE"),
        (["--max-file-size", "500K"], "max_file_size", 512_000),
        (["--max-file-size", "2MiB"], "max_file_size", 2 * 1024**2),
        (["--budget", "5.00"], "budget", Decimal("5.00")),
        (["--no-parallel"], "workers", 1),
        (["--no-validate", "--validate"], "validate", True),
        (["--no-trace-console"], "trace_console", False),
        (["--include", "a", "--include", "b"], "include", ("a", "b")),
        (["-o", "x"], "output", Path("x")),
    ],
)
def test_values_are_read(here: Path, argv: list[str], attribute: str, value: object) -> None:
    assert getattr(settings_of(*argv), attribute) == value


def test_debug_of_other_programs_is_told_and_ignored(here: Path) -> None:
    settings = settings_of(environment={"DEBUG": "express:*"})
    assert not settings.debug
    assert settings.notes == ("environment variable DEBUG: 'express:*' is neither true nor false and is ignored",)
    assert settings_of(environment={"DEBUG": "true"}).debug


@pytest.mark.parametrize(
    ("environment", "argv", "color"),
    [
        ({}, [], "auto"),
        ({"NO_COLOR": "1"}, [], "never"),
        ({"NO_COLOR": ""}, [], "auto"),
        ({"FORCE_COLOR": "1"}, [], "always"),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], "never"),
        ({"TERM": "dumb"}, [], "never"),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, [], "always"),
        ({"NO_COLOR": "1"}, ["--color", "always"], "always"),
    ],
)
def test_color(here: Path, environment: dict[str, str], argv: list[str], color: str) -> None:
    assert settings_of(*argv, environment=environment).color == color


@pytest.mark.parametrize(
    ("environment", "argv", "provider", "timeout"),
    [
        ({}, [], "", 120.0),
        ({"LLM_PROVIDER": "ollama"}, [], "ollama", 600.0),
        ({"LLM_PROVIDER": "ollama", "LLM_TIMEOUT": "5"}, [], "ollama", 5.0),
        ({"OPENAI_API_KEY": "sk-1"}, [], "openai", 120.0),
        ({"ANTHROPIC_API_KEY": "sk-ant-1"}, [], "anthropic", 120.0),
        ({"LLM_BASE_URL": "http://localhost:11434/v1"}, [], "ollama", 600.0),
        ({"OPENAI_API_KEY": "sk-1"}, ["--api-key", "sk-ant-2"], "anthropic", 120.0),
        ({"LLM_PROVIDER": "openai", "ANTHROPIC_API_KEY": "sk-ant-1"}, [], "openai", 120.0),
    ],
)
def test_provider(here: Path, environment: dict[str, str], argv: list[str], provider: str, timeout: float) -> None:
    settings = settings_of(*argv, environment=environment)
    assert (settings.provider, settings.timeout) == (provider, timeout)


def test_the_nearest_project_file_with_our_table_counts(here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.telemetry-inject]\nmax-parallel = 7\n")
    inner = here / "a" / "b"
    inner.mkdir(parents=True)
    (here / "a" / "pyproject.toml").write_text("[tool.other]\nname = 1\n")
    assert settings_of(path="a/b").max_parallel == 7
    (here / "a" / "pyproject.toml").write_text("[tool.telemetry-inject]\n")
    assert settings_of(path="a/b").max_parallel == 12
    (here / "a" / "telemetry-inject.toml").write_text("max-parallel = 9\n")
    settings = settings_of(path="a/b")
    assert (settings.max_parallel, settings.project_dir) == (9, here / "a")


def test_the_search_ends_at_the_top_of_the_repository(here: Path) -> None:
    (here / "telemetry-inject.toml").write_text("max-parallel = 7\n")
    (here / "inner" / ".git").mkdir(parents=True)
    assert settings_of(path="inner").max_parallel == 12


def test_config_and_isolated(here: Path) -> None:
    (here / "telemetry-inject.toml").write_text("max-parallel = 7\n")
    (here / "other.toml").write_text("max-parallel = 8\n")
    (here / ".env").write_text("LLM_MODEL=m\n")
    assert settings_of("--config", "other.toml").max_parallel == 8
    isolated = settings_of("--isolated")
    assert (isolated.max_parallel, isolated.model) == (12, "")
    assert refused("--config", "no.toml") == ("--config: no.toml is not a file", "Give a TOML file.")


@pytest.mark.parametrize(
    ("text", "title", "help_text"),
    [
        ("max_parallel = 1", "unknown key 'max_parallel' in this file", "Did you mean max-parallel?"),
        ("no-cache = true", "unknown key 'no-cache' in this file", "Did you mean cache?"),
        ("zzz = 1", "unknown key 'zzz' in this file", "Allowed: use-scripts, max-parallel"),
        ("max-parallel = '4'", "max-parallel: '4' is not allowed", "Allowed: a whole number"),
        ("max-parallel = true", "max-parallel: True is not allowed", "Allowed: a whole number"),
        ("verbose = 'yes'", "verbose: 'yes' is not allowed", "Allowed: true or false"),
        ("include = 'a'", "include: 'a' is not allowed", "Allowed: a list of globs"),
        ("include = [1]", "include: [1] is not allowed", "Allowed: a list of globs"),
        ("level = 'x'", "level: 'x' is not allowed", "Allowed: one of function"),
        ("max-parallel = ", "not valid TOML", "Mend it, or use --isolated."),
        ("in-place = true", "in-place is not allowed in this file", "it says what one run does"),
        ("api-key = 'sk-1'", "api-key is not allowed in this file", "keys do not belong"),
        ("base-url = 'http://h'", "base-url is not allowed in this file", "it decides where sources"),
        ("provider = 'openai'", "provider is not allowed in this file", "it decides where sources"),
        ("packs = 'p'", "packs is not allowed in this file", "a pack may hold code"),
        ("output = '../x'", "output: '../x' leads outside of the project", "A project file may only"),
        ("output = '.'", "output: '.' leads outside of the project", "A project file may only"),
        ("cache-dir = '/tmp'", "cache-dir: '/tmp' leads outside of the project", "A project file may only"),
    ],
)
def test_a_project_file_that_is_wrong(here: Path, text: str, title: str, help_text: str) -> None:
    (here / "telemetry-inject.toml").write_text(text + "\n")
    said, helped = refused()
    assert str(here / "telemetry-inject.toml") in said
    assert title in said
    assert helped.startswith(help_text)
    assert "sk-1" not in said + helped


def test_a_project_file_counts_its_paths_from_itself(here: Path) -> None:
    (here / "telemetry-inject.toml").write_text("output = 'out'\n")
    (here / "sub").mkdir()
    assert settings_of(path="sub").output == here / "out"


def test_a_broken_file_of_others_is_not_our_business(here: Path) -> None:
    (here / "pyproject.toml").write_text("this is no TOML")
    assert settings_of().max_parallel == 12
    (here / "pyproject.toml").write_text("telemetry-inject is no TOML")
    assert "not valid TOML" in refused()[0]


KEYS = {"OPENAI_API_KEY": "sk-hush-1", "ANTHROPIC_API_KEY": "sk-ant-hush-2"}


def test_keys_are_seen_nowhere(here: Path) -> None:
    settings = settings_of("--api-key", "sk-hush-3", "--base-url", "http://user:hush-4@host/v1", environment=KEYS)
    shown = repr(settings.openai_api_key) + str(settings.api_key) + f"{settings.anthropic_api_key:>9}"
    shown += json.dumps(settings.public()) + str(dict(settings.sources))
    assert "hush" not in shown
    assert set(settings.secrets) == {"sk-hush-3", "sk-hush-1", "sk-ant-hush-2", "user:hush-4"}
    assert settings.api_key is not None
    assert settings.api_key.reveal() == "sk-hush-3"


def test_the_settings_themselves_can_be_printed_without_keys(here: Path) -> None:
    settings = settings_of("--base-url", "http://user:hush-4@host/v1", environment=KEYS)
    assert "hush" not in repr(settings)


def test_settings_travel_to_other_processes(here: Path) -> None:
    settings = settings_of("--level", "full", environment=KEYS)
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("path", "argv", "title"),
    [
        ("src", ["--in-place", "-o", "x"], "--in-place and --output do not go together"),
        ("src", ["--in-place", "--check"], "--in-place and --check do not go together"),
        ("src", ["--in-place", "--diff"], "--in-place and --diff do not go together"),
        ("src", ["--json", "--diff"], "--json and --diff do not go together"),
        ("src", ["--quiet", "--verbose"], "--quiet and --verbose do not go together"),
        ("src", ["--stdin-filename", "x.py"], "--stdin-filename is only for standard input"),
        ("src", ["--changed-since=--output=x"], "--changed-since: a revision cannot start with '-'"),
        ("-", ["--in-place"], "- and --in-place do not go together"),
        ("-", ["-o", "x"], "- and --output do not go together"),
        ("-", ["--remove"], "- and --remove do not go together"),
        ("-", ["--json"], "- and --json do not go together"),
        ("-", ["--changed-since", "HEAD"], "- and --changed-since do not go together"),
        ("nowhere", [], "nowhere: there is no such file or folder"),
        ("broken", [], "broken: is a broken symbolic link"),
        ("pipe", [], "pipe: is neither a file nor a folder"),
        ("x" * 300, [], f"{'x' * 300}: cannot be read: File name too long"),
        ("src", ["-o", "src"], "src: the output is the folder of the input itself"),
        ("src", ["-o", "link-to-src"], "link-to-src: the output is the folder of the input itself"),
        ("src", ["-o", "."], ".: the output contains the input src"),
        ("src/a.py", ["-o", "src"], "src: the output is the folder of the input itself"),
        ("src", ["-o", "src/a.py"], "src/a.py: the output exists and is not a folder"),
        ("src", ["-o", "broken"], "broken: the output is a broken symbolic link"),
        ("src", ["--cache-dir", "src/a.py"], "src/a.py: is not a folder"),
        ("src", ["--packs", "nowhere"], "--packs: nowhere holds no language pack"),
        ("src", ["--packs", "src"], "--packs: src holds no language pack"),
        ("src", ["--cache-dir", "src"], "the cache directory is the input itself"),
    ],
)
def test_conflicts(here: Path, path: str, argv: list[str], title: str) -> None:
    make_places(here)
    with pytest.raises(UsageError) as caught:
        check_settings(settings_of(*argv, path=path))
    assert caught.value.title == title
    assert caught.value.help_text


@pytest.mark.parametrize(
    ("path", "argv"),
    [
        ("src", ["-o", "src/instrumented"]),
        ("src/a.py", ["-o", "."]),
        ("src", ["-o", "new/deep"]),
        ("src", ["-o", "src", "--check"]),
        ("-", ["--json", "--check"]),
        ("-", ["--diff"]),
        ("src", ["--in-place", "--dry-run"]),
        ("src", ["--in-place", "--remove"]),
        ("src", ["--check", "--diff"]),
    ],
)
def test_what_goes_together(here: Path, path: str, argv: list[str]) -> None:
    make_places(here)
    check_settings(settings_of(*argv, path=path))


def make_places(here: Path) -> None:
    (here / "src").mkdir()
    (here / "src" / "a.py").write_text("")
    (here / "link-to-src").symlink_to("src")
    (here / "broken").symlink_to("nowhere")
    os.mkfifo(here / "pipe")


@pytest.mark.parametrize(
    ("argv", "title", "help_text"),
    [
        (["p", "--ouput", "x"], "unknown option --ouput", "Did you mean --output?"),
        (["p", "--apikey=sk-hush"], "unknown option --apikey", "Did you mean --api-key?"),
        (["p", "-ksk-hush"], "unknown option -k", ""),
        (["p", "--max-par", "3"], "unknown option --max-par", "Did you mean --max-parallel?"),
        (["p", "hush"], "only one PATH can be given, and there is more: 1", ""),
        (["p", "--model"], "--model: expected one argument", "See `telemetry-inject --help`."),
    ],
)
def test_arguments_that_are_wrong(here: Path, argv: list[str], title: str, help_text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments(argv)
    assert caught.value.title == title
    assert caught.value.help_text.startswith(help_text)
    assert "hush" not in caught.value.title + caught.value.help_text


def test_every_option_of_the_settings_can_be_shown(here: Path) -> None:
    shown: dict[str, Any] = settings_of("--budget", "5", "--packs", "p").public()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["budget"] == "5"
    assert shown["packs"] == "p"
    assert shown["api-key"] is None
