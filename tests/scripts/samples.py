"""A function to instrument, the form that its telemetry takes, and what a pack would say about both."""

from __future__ import annotations

import re

from telemetry_inject.engine.packs import hooks_of, load_pack
from telemetry_inject.types import Insertion, Problem

KEY = bytes(range(32))

WITHDRAW = b'''def withdraw(self, account, amount, password):
        """Take money out.

        More about it.
        """
        if amount > account.balance:
            raise ValueError("too much")
        if not amount:
            return 0
        for entry in account.entries:
            self.seen = entry
        return account.balance - amount
'''

WRAPPED = b'''def withdraw(self, account, amount, password):
        """Take money out.

        More about it.
        """
        with _tlm("Bank.withdraw"):
            if amount > account.balance:
                raise ValueError("too much")
            if not amount:
                return 0
            for entry in account.entries:
                self.seen = entry
            return account.balance - amount
'''

_FRAGMENT = re.compile(
    rb'with _tlm\("[^"\\\r\n]*"(?:, (\w+)=\1)*\)(?: as _tlm_s)?:\n[ \t]*'
    rb'|_tlm_s\.(?:branch|loop|handled)\("\w+\+\d+"\)\n[ \t]*'
    rb"|_tlm_s\.assign\((\w+)=\2\)\n[ \t]*"
)


def allowed_fragment(text: bytes) -> bool:
    """What a pack says: whether one of its templates gives this text."""
    return _FRAGMENT.fullmatch(text) is not None


def checks_output(source: bytes, output: bytes) -> list[Problem]:
    """What a pack says of the two versions of a method, by the real hooks of the Python pack."""
    hooks = hooks_of(load_pack("python"))
    head = b"class Bank:\n    "
    fault = hooks.check(head + output)
    if fault:
        return [Problem("parses", f"line {fault[0]}: {fault[1]}")]
    same = hooks.same_program(head + source, head + output, "_tlm")
    return [] if same else [Problem("same program", "the function's own code is not what it was")]


def wrap(source: bytes) -> tuple[Insertion, ...]:
    """The insertions that a template makes of WITHDRAW."""
    first = source.index(b"if amount >")
    lines = [match.end() for match in re.finditer(rb"\n", source) if first < match.end() < len(source)]
    header = Insertion(first, b'with _tlm("Bank.withdraw"):\n            ')
    return (header, *(Insertion(offset + 8, b"    ") for offset in lines))
