#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Module docstring stays first."""

from __future__ import annotations

import os


def documented(path: str) -> str:
    """Docstring stays first."""
    return os.path.abspath(path)


def commented(path):  # a comment on the header
    # a comment before the docstring
    """Docstring."""

    # a comment before the body
    return os.path.abspath(path)
    # a comment after the body


def implicitly_joined():
    """One """ "docstring" ""
    print("body")


def in_brackets():
    ("Also " "documentation.")
    print("body")


def in_brackets_on_lines():
    (  # a comment
        "Also documentation."
    )
    print("body")
