"""What of a program's values is recorded: short, of built-in types, without secrets."""

from __future__ import annotations

import pytest

from runtime_support import Run

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA"

PROGRAM = """
    import json, sys
    from _telemetry_inject import _tlm
    class Thing: pass
    def f(**values):
        with _tlm("f", **values) as _tlm_s:
            return _tlm_s.returns((values["value"]), _tlm_s)
    value = %s
    assert f(value=value) is value
"""


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("None", "None"),
        ("True", True),
        ("-7", -7),
        ("2**63 - 1", 2**63 - 1),
        ("2**63", "<int of 64 bits>"),
        ("10**5000", "<int of 16610 bits>"),
        ("1.5", 1.5),
        ("float('inf')", float("inf")),
        ("'text'", "text"),
        ("'x' * 5000", "x" * 119 + "…"),
        ("'caf\\u00e9 \\udc80'", "café ?"),
        ("'a\\x00\\n\"\\\\'", 'a\x00\n"\\'),
        ("b'bytes'", "b'bytes'"),
        ("[1, 'a', None, 2.5]", "[1, 'a', None, 2.5]"),
        ("(1,)", "(1)"),
        ("{3}", "{3}"),
        ("list(range(50))", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 40 more]"),
        ("[[1], {}, {2: 3}, (1, 2)]", "[<list of 1>, <dict of 0>, <dict of 1>, <tuple of 2>]"),
        ("{'a': 1, 2: 'b'}", "{'a': 1, 2: 'b'}"),
        (
            "{'a': 1, 'X-Api-Key': 'v', 'Set-Cookie': 'w'}",
            "{'a': 1, 'X-Api-Key': [redacted], 'Set-Cookie': [redacted]}",
        ),
        ("[Thing(), Thing, len]", "[<__main__.Thing>, <type>, <builtin_function_or_method>]"),
        ("['x' * 900] * 10", "['" + "x" * 39 + "…', '" + "x" * 39 + "…'"),
    ],
)
def test_values_are_short_and_of_built_in_types(run: Run, code: str, shown: object) -> None:
    span = run(PROGRAM % code).one("f")
    for key in ("telemetry.arg.value", "telemetry.return"):
        got = span.attributes[key]
        assert type(got) is type(shown)
        assert got == shown or (isinstance(shown, str) and got.startswith(shown) and len(got) <= 240)


SECRETS = [
    JWT,
    f"the token was {JWT}, sorry",
    PEM,
    "AKIAIOSFODNN7EXAMPLE",
    "Authorization: Bearer abcdef1234567890",
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "x" * 110 + " sk-proj-abcdefghijklmnopqrstuvwx",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "postgres://admin:hunter22@db.example/x",
    "user=a&password=hunter22",
    '{"access_token": "hunter22", "a": 1}',
    "Password: hunter22",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_do_not_reach_the_file_by_any_way(run: Run, secret: str) -> None:
    done = run(f"""
        from _telemetry_inject import _tlm
        secret = {secret!r}
        def f(**values):
            with _tlm("f", **values) as _tlm_s:
                x = secret; _tlm_s.assign(x=x, y=[x], z={{"k": x}})
                _tlm_s.returns((x,), _tlm_s)
                raise ValueError(x)
        try:
            f(a=secret, b=[secret], c={{"k": secret}}, d={{secret: 1}}, e=secret.encode())
        except ValueError:
            pass
    """)
    span = done.one("f")
    assert span.attributes["telemetry.arg.a"] == "[redacted]"
    assert span.events[1][1]["exception.message"] == "[redacted]"
    assert len(span.attributes) == 11
    text = done.files[0].read_text()
    for piece in ("eyJ", "MIIE", "AKIA", "abcdef", "hunter22"):
        assert piece not in text


@pytest.mark.parametrize(
    "name",
    ["password", "db_passwd", "clientSecret", "TOKEN", "api_key", "apiKey", "authorization", "cookies",
     "aws_credentials", "private_key", "session_id", "pwd", "auth"],
)  # fmt: skip
def test_secrets_are_known_by_their_names(run: Run, name: str) -> None:
    span = run(f"""
        from _telemetry_inject import _tlm
        def f(v):
            with _tlm("f", {name}=v) as _tlm_s:
                _tlm_s.assign({name}=v)
        f("hunter22")
    """).one("f")
    assert span.attributes["telemetry.arg." + name] == "[redacted]"
    assert span.events[0][1] == {"telemetry.assign." + name: "[redacted]"}


@pytest.mark.parametrize(
    "text",
    ["task-scheduler-with-a-long-name-here", "author: someone", "the bearer of bad news", "x == y", "a: 1",
     "unexpected token: }", "http://host:8080/path?x=1", "12:30:45", "keyboard=qwerty", "eyJ is how they begin"],
)  # fmt: skip
def test_ordinary_text_is_left_alone(run: Run, text: str) -> None:
    assert run(PROGRAM % repr(text)).one("f").attributes["telemetry.return"] == text


def test_values_are_recorded_as_they_were_when_they_were_seen(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def f(items):
            with _tlm("f", items=items) as _tlm_s:
                items.append(2); _tlm_s.assign(items=items)
                items.clear()
                return _tlm_s.returns((items), _tlm_s)
        f([1])
    """)
    span = done.one("f")
    assert span.attributes["telemetry.arg.items"] == "[1]" and span.attributes["telemetry.return"] == "[]"
    assert span.events[0][1] == {"telemetry.assign.items": "[1, 2]"}


def test_no_object_frame_or_exception_is_kept_alive(run: Run) -> None:
    done = run("""
        import gc, weakref
        from _telemetry_inject import _tlm
        gc.disable()
        class Thing: pass
        class Failure(Exception): pass
        def f(thing):
            local = Thing(); refs.append(weakref.ref(local))
            with _tlm("f", thing=thing) as _tlm_s:
                x = thing; _tlm_s.assign(x=x)
                _tlm_s.returns(thing, _tlm_s)
                error = Failure(thing); refs.append(weakref.ref(error))
                try:
                    raise error
                finally:
                    del error
        refs = []
        def main():
            thing = Thing(); refs.append(weakref.ref(thing))
            try:
                f(thing)
            except Failure:
                pass
        main()
        print([ref() for ref in refs])
    """)
    assert done.out == "[None, None, None]\n"
