"""Prompt files: reading, filling, overriding, and the digest that names a wording."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry_inject.errors import UsageError
from telemetry_inject.llm.prompts import check_folder, load_prompt
from telemetry_inject.llm.redaction import redacted


def written(folder: Path, text: str) -> Path:
    (folder / "check_api.md").write_text(text)
    return folder


def test_ours_and_an_override(tmp_path: Path) -> None:
    ours = load_prompt("check_api")
    assert [message.role for message in ours.messages({})] == ["system", "user"]
    assert load_prompt("check_api", tmp_path) == ours
    own = load_prompt("check_api", written(tmp_path, "<<user>>\nSay {{what}}, {{what}}: {not} {{ this }}\n"))
    assert own.places == {"what"}
    (message,) = own.messages({"what": "{{what}} \\1", "other": "x"})
    assert message.text == "Say {{what}} \\1, {{what}} \\1: {not} {{ this }}"
    assert own.digest != ours.digest
    check_folder(tmp_path)


def test_the_digest_is_the_wordings(tmp_path: Path) -> None:
    first = load_prompt("check_api", written(tmp_path, "<<system>>\na\n<<user>>\nb\n"))
    same = load_prompt("check_api", written(tmp_path, "<<system>>\r\na\r\n<<user>>\r\nb\r\n"))
    other = load_prompt("check_api", written(tmp_path, "<<system>>\nb\n<<user>>\na\n"))
    assert first.digest == same.digest != other.digest


def test_a_place_that_nothing_is_known_for(tmp_path: Path) -> None:
    prompt = load_prompt("check_api", written(tmp_path, "<<user>>\n{{nothing}}"))
    with pytest.raises(UsageError, match=r"check_api.md: nothing is known for \{\{nothing\}\}"):
        prompt.messages({"source": "x"})


@pytest.mark.parametrize(
    "text", ["", "hello", "<<system>>\nonly\n", "<<user>>\n\n", "<<user>>\na\n<<user>>\nb\n", "x\n<<user>>\na"]
)
def test_what_is_no_prompt(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a prompt"):
        load_prompt("check_api", written(tmp_path, text))


def test_a_file_that_is_no_text_and_a_name_with_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "check_api.md").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        load_prompt("check_api", tmp_path)
    (tmp_path / "chek_api.md").write_text("<<user>>\nx")
    with pytest.raises(UsageError, match=r"chek_api\.md: there is no prompt of this name"):
        check_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('password = "hunter2"', "hunter2"),
        ("API_KEY: 'abc'", "abc"),
        ('{"db_password": "s3"}', "s3"),
        ("x = 'sk-abcdefghijklmnopqrstuv'", "abcdefghijkl"),
        ("postgres://me:pw@host/db", "me:pw"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEF"),
        ("known-to-us", "known-to-us"),
    ],
)
def test_redaction(text: str, hidden: str) -> None:
    assert hidden not in redacted(text, ["known-to-us"])
    assert redacted("total = price * 2") == "total = price * 2"
