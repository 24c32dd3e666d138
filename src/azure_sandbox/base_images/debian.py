"""The operating system of the `docker` flavour: a small Debian with Python, made by mmdebstrap."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

SUITES = {"3.11": "bookworm", "3.13": "trixie"}
"""The Debian releases whose own Python is that minor."""
_PYTHON = ("python3", "ca-certificates", "libstdc++6")
_MICROSOFTS = (
    *("libglib2.0-0", "libsm6", "libxext6", "libxrender-dev", "xvfb"),  # for OpenCV; xvfb brings libgl1
    *("libgomp1", "liblttng-ust1", "libgssapi-krb5-2"),  # for OpenMP, for Azure ML, for .NET
    *("binutils", "libc-dev", "unixodbc"),
)
"""What the real image installs, less what no Debian has: msodbcsql18 and mssql-tools18.

Azure/azure-functions-docker, host/4/bookworm/python/python312/python312.Dockerfile:39-60, and libc-dev of
host/4/bullseye/python/python311/python311.Dockerfile:75. That is Debian 11, with liblttng-ust0 for liblttng-ust1.
"""
_PACKAGES = (*_PYTHON, *_MICROSOFTS)
_PAPERS = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_HEAVY = (
    # What xvfb brings to draw OpenGL without a graphics card: 170 MB that no model loads. libGL.so.1 itself is there.
    *("/usr/lib/*/libLLVM*", "/usr/lib/*/libz3.so*", "/usr/lib/*/dri/*"),
    *("/usr/lib/*/*.a", "/usr/include/*"),  # nothing is compiled in the image: it has no compiler
)
_EXCLUDED = (*_PAPERS, *_HEAVY)
_EPOCH = "1735689600"
_RECIPE = "2"
_BLOCK = 1 << 20


class DebianUnavailable(Exception):
    """The system cannot be made here. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class PackedLayer:
    """A layer that lies packed in the cache.

    Attributes:
        digest: Of the packed bytes.
        diff_id: Digest of the tar.
        size: Packed bytes.
    """

    digest: str
    diff_id: str
    size: int


def debian_layer(minor: str, blobs: Path, report: Callable[[str], None]) -> PackedLayer:
    """The layer for a Python minor, from the cache or made now (about 40 seconds).

    Args:
        minor: `3.11` or `3.13`.
        blobs: Where packed layers lie, named by the hex digits of their digest.
        report: Told what is being done.

    Raises:
        DebianUnavailable: No Debian release has that Python, or mmdebstrap cannot run here.
    """
    if minor not in SUITES:
        message = f"no Debian release that the sandbox knows has Python {minor}; it offers {', '.join(SUITES)}"
        raise DebianUnavailable(message)
    note = blobs / f"debian-{minor}-{_key()}.json"
    if note.exists():
        layer = PackedLayer(**json.loads(note.read_text()))
        if (blobs / layer.digest.removeprefix("sha256:")).exists():
            return layer
    _require_mmdebstrap(report)
    report(f"Making a small Debian with Python {minor}. This happens once and takes about 40 seconds.")
    layer = _make(SUITES[minor], blobs)
    note.write_text(json.dumps(asdict(layer)))
    return layer


def pack(stream: BinaryIO, blobs: Path) -> PackedLayer:
    """Compress a tar into the folder of packed layers; the bytes depend on the tar alone."""
    plain = hashlib.sha256()
    with (
        tempfile.NamedTemporaryFile(dir=blobs, delete=False) as packed,
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=1, mtime=0) as out,
    ):
        while block := stream.read(_BLOCK):
            plain.update(block)
            out.write(block)
    path = Path(packed.name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path.chmod(0o644)
    size = path.stat().st_size
    path.replace(blobs / digest)
    return PackedLayer(f"sha256:{digest}", f"sha256:{plain.hexdigest()}", size)


def _make(suite: str, blobs: Path) -> PackedLayer:
    command = ["mmdebstrap", "--variant=essential", f"--include={','.join(_PACKAGES)}", "--format=tar", "--quiet"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, suite, "-"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        )
        assert process.stdout is not None  # noqa: S101
        with process.stdout as stream:
            layer = pack(stream, blobs)  # type: ignore[arg-type]
        if process.wait():
            said.seek(0)
            message = f"mmdebstrap failed: {said.read().decode(errors='replace').strip()[-2000:]}"
            raise DebianUnavailable(message)
    return layer


def _require_mmdebstrap(report: Callable[[str], None]) -> None:
    if shutil.which("mmdebstrap"):
        return
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        message = "mmdebstrap is not installed; install the Debian package `mmdebstrap`"
        raise DebianUnavailable(message)
    report("Installing the Debian package mmdebstrap.")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "mmdebstrap"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
        if done.returncode:
            message = f"`{' '.join(command)}` failed: {done.stderr.strip()[-1000:]}"
            raise DebianUnavailable(message)


def _key() -> str:
    recipe = json.dumps([_RECIPE, _PACKAGES, _EXCLUDED, _EPOCH])
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]
