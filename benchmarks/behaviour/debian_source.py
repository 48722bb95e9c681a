"""Source archives of Debian packages, by their paths in its mirrors and their SHA-256."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from functools import cache
from pathlib import Path

from projects import call


def fetch_debian(source: str, sha256: str, archive: Path) -> None:
    """Put the archive into place, from $DEBIAN_MIRROR or the mirror that this machine's own packages come from.

    Raises:
        ValueError: it is another archive.
    """
    unfinished = archive.with_suffix(".new")
    options = ("-o=APT::Sandbox::User=root", "download-file")
    call("/usr/lib/apt/apt-helper", *options, f"{_mirror()}/{source}", unfinished)
    check(source, unfinished.read_bytes(), sha256)
    unfinished.rename(archive)


def check(name: str, data: bytes, sha256: str) -> None:
    """Raises ValueError when the data is not what its digest says."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{name}: the archive's SHA-256 is {found}, not {sha256}")


def unpack(archive: Path, clean: Path) -> None:
    """The only folder of an archive becomes `clean`."""
    unpacked = clean.with_name("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    (only,) = unpacked.iterdir()
    only.rename(clean)
    unpacked.rmdir()


@cache
def _mirror() -> str:
    if mirror := os.environ.get("DEBIAN_MIRROR"):
        return mirror.rstrip("/")
    try:
        sites = call("apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian").split()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise FileNotFoundError("no Debian mirror is known: set DEBIAN_MIRROR to one") from error
    return next(site for site in sites if "security" not in site).rstrip("/")
