"""A Python that this machine has, as a layer over a Debian: for minors that are no Debian's own."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING

from azure_sandbox.base_images.debian import DebianUnavailable, PackedLayer, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from azure_sandbox.base_images.interpreters import Interpreter

_LEFT_OUT = ("__pycache__", "test", "tests", "idlelib", "turtledemo", "ensurepip", "site-packages", "*.a", "./include")
"""What no app needs, and packages that somebody has installed there: an app has its own."""
_BOOKWORM_GLIBC = (2, 36)
"""Of the package libc6 in bookworm. What was built with a newer one needs a newer Debian."""


def debian_below() -> str:
    """The minor whose Debian carries programs of this machine: `3.11`, bookworm, or `3.13`, trixie."""
    version = platform.libc_ver()[1].split(".")
    known = tuple(int(part) for part in version[:2]) if all(part.isdigit() for part in version[:2]) else ()
    return "3.11" if known and known <= _BOOKWORM_GLIBC else "3.13"


def python_layer(found: Interpreter, blobs: Path, report: Callable[[str], None]) -> PackedLayer:
    """The layer with that interpreter, in the place where it lies here: programs know that by heart.

    Args:
        found: The interpreter.
        blobs: Where packed layers lie, named by the hex digits of their digest.
        report: Told what is being done.

    Raises:
        DebianUnavailable: It cannot be packed.
    """
    place = str(found.prefix).strip("/").replace("/", "-")
    note = blobs / f"python-{found.version}-{place}.json"
    if note.exists():
        layer = PackedLayer(**json.loads(note.read_text()))
        if (blobs / layer.digest.removeprefix("sha256:")).exists():
            return layer
    report(f"Packing Python {found.version} of this machine ({found.prefix}). This happens once.")
    layer = _packed(found.prefix, blobs)
    note.write_text(json.dumps(asdict(layer)))
    return layer


def _packed(prefix: Path, blobs: Path) -> PackedLayer:
    inside = str(prefix).strip("/")
    command = ["tar", "--create", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    command += ["--mode=a+rX", f"--directory={prefix}", f"--transform=s,^\\./,{inside}/,SH"]
    command += [*(f"--exclude={pattern}" for pattern in _LEFT_OUT), "./bin", "./lib"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101
        stream: BinaryIO = process.stdout  # type: ignore[assignment]
        layer = pack(stream, blobs)
    if process.returncode:
        message = f"`tar` could not pack {prefix} (exit code {process.returncode})"
        raise DebianUnavailable(message)
    return layer
