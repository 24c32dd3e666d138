"""An interpreter of this machine with no more of its library than what makes byte code, packed as others do it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING

from support.conda_channel import CondaPackage, described, stripped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PLATFORM = {
    "name": "cpython",
    "arch": {"family": "x86_64", "variant": None},
    "os": "linux",
    "libc": "gnu",
    "prerelease": "",
    "variant": None,
    "build": "20240101",
}
_NEEDED = """
import dis, importlib.util, json, json.scanner, marshal, select, signal, sys, types, typing
print(*(one.__file__ for one in [*sys.modules.values()] if getattr(one, "__file__", None)), sep="\\n")
"""


def small_python(minor: str) -> CondaPackage:
    """The interpreter of that minor on this machine, as conda-forge's package of it; about 8 MB."""
    prefix, version = described(minor)
    command = [str(prefix / "bin" / f"python{minor}"), "-S", "-s", "-B", "-c", _NEEDED]
    needed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    library = prefix / "lib" / f"python{minor}"
    paths = [library / name for name in needed if str(library) in name]
    paths += [*library.glob("_sysconfigdata*.py"), *prefix.glob(f"lib/libpython{minor}.so*")]
    program = f"bin/python{minor}"
    files: dict[str, bytes | str] = {
        path.relative_to(prefix).as_posix(): path.readlink().as_posix() if path.is_symlink() else stripped(path)
        for path in (*paths, prefix / program)
    }
    return CondaPackage("python", version, files, placeholder="", executables=(program,))


def standalone_archive(package: CondaPackage) -> bytes:
    """The same as python-build-standalone packs it, for uv.

    https://gregoryszorc.com/docs/python-build-standalone/main/distributions.html
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, content in package.files.items():
            entry = tarfile.TarInfo(f"python/{name}")
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
                continue
            entry.size, entry.mode = len(content), 0o755 if name in package.executables else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def write_downloads(folder: Path, archives: Mapping[str, tuple[str, bytes]]) -> Path:
    """The list of archives that `UV_PYTHON_DOWNLOADS_JSON_URL` names, by version: of each its address, and its content.

    The hash is that of the content, whatever lies at the address.
    """
    known = {}
    for version, (url, content) in archives.items():
        major, minor, patch = map(int, version.split("."))
        known[f"cpython-{version}-linux-x86_64-gnu"] = {
            **_PLATFORM,
            "major": major,
            "minor": minor,
            "patch": patch,
            "url": url,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    file = folder / "downloads.json"
    file.write_text(json.dumps(known))
    return file
