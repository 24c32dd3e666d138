"""Python interpreters of other minors that this machine has: on PATH, of pyenv, of uv."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBE = "import ctypes, ssl, sys, venv, zlib; print(*sys.version_info[:3], sys.base_prefix, sep='|')"
"""What an app needs of an interpreter is there; and which one it is, as a name on PATH may be a shim."""
_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that works.

    Attributes:
        path: The program.
        version: `3.12.1`.
        prefix: The folder that it is installed in; a virtual environment's is that of its base.
    """

    path: Path
    version: str
    prefix: Path


def running_minor() -> str:
    """The running interpreter's minor version: `3.11`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@functools.cache
def find_interpreter(minor: str) -> Interpreter | None:
    """An interpreter of that minor, such as `3.12`; None where this machine has none that works."""
    if minor == running_minor():
        version = ".".join(str(part) for part in sys.version_info[:3])
        return Interpreter(Path(sys.executable), version, Path(sys.base_prefix))
    return search(minor, os.environ)


def search(minor: str, environ: Mapping[str, str]) -> Interpreter | None:
    """An interpreter of that minor, those that can move to another machine first: of uv, of pyenv, on PATH.

    https://docs.astral.sh/uv/reference/storage/#python-versions and https://github.com/pyenv/pyenv say where they lie.
    """
    home = Path(environ.get("HOME", "/"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    kept = [*uv.glob(f"cpython-{minor}.*/bin/python{minor}"), *pyenv.glob(f"{minor}.*/bin/python{minor}")]
    on_path = shutil.which(f"python{minor}", path=environ.get("PATH", ""))
    candidates = [*kept, *([Path(on_path)] if on_path else [])]
    return next((found for path in candidates if (found := _probed(path, minor))), None)


def _probed(path: Path, minor: str) -> Interpreter | None:
    try:
        done = subprocess.run([path, "-I", "-c", _PROBE], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    *version, prefix = done.stdout.strip().split("|")
    return Interpreter(path, ".".join(version), Path(prefix)) if ".".join(version[:2]) == minor else None
