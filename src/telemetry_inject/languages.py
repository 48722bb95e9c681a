"""How files are told apart: by name, by extension, by the first line of a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Languages:
    """How files are told apart, from the packs: `.py`, `SConstruct`, `python3` -> language name."""

    extensions: Mapping[str, str]
    filenames: Mapping[str, str] = field(default_factory=dict)
    interpreters: Mapping[str, str] = field(default_factory=dict)

    def by_name(self, name: str) -> str:
        """The language that a file's name tells, or nothing."""
        language = self.filenames.get(name)
        if language is not None:
            return language
        extension = name[name.rfind(".") :] if "." in name[1:] else ""
        return self.extensions.get(extension) or self.extensions.get(extension.lower(), "")

    def by_shebang(self, head: bytes) -> str:
        """The language that a first line such as `#!/usr/bin/env -S python3 -u` tells, or nothing."""
        if not head.startswith(b"#!"):
            return ""
        words = head[2:].split(b"\n", 1)[0].decode("ascii", "replace").split()
        if words and words[0].rpartition("/")[2] == "env":
            words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        name = words[0].rpartition("/")[2] if words else ""
        return self.interpreters.get(name) or self.interpreters.get(name.rstrip("0123456789."), "")
