#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Module docstring stays first."""

from __future__ import annotations

try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
import os


def documented(path: str) -> str:
    """Docstring stays first."""
    with _tlm("documented"):
        return os.path.abspath(path)


def commented(path):  # a comment on the header
    # a comment before the docstring
    """Docstring."""

    # a comment before the body
    with _tlm("commented"):
        return os.path.abspath(path)
        # a comment after the body


def implicitly_joined():
    """One """ "docstring" ""
    with _tlm("implicitly_joined"):
        print("body")


def in_brackets():
    ("Also " "documentation.")
    with _tlm("in_brackets"):
        print("body")


def in_brackets_on_lines():
    (  # a comment
        "Also documentation."
    )
    with _tlm("in_brackets_on_lines"):
        print("body")
