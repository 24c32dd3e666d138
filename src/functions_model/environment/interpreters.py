"""The interpreter that compiles: of one exact version for each minor. Another patch may give other byte code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from functions_model.environment.processes import Bounds, bare_environment
from functions_model.environment.rattler_tool import cache_folder
from functions_model.environment.uv_process import UvRefused, install_python

COMPILERS: Mapping[str, str] = {}
"""By minor, the exact version that compiles. A minor without one gets no byte code."""
_PROBE = "import sys; print(sys.implementation.name, sys.version.split()[0], sys.abiflags or '-')"
"""Builds without the global lock, and those for debugging, give other byte code: their flags are not empty."""
_SECONDS = 20
_FETCHING = 60.0
"""Seconds. It has 30 MB, and a run goes on without it."""


def find_compiler(version: str, environ: Mapping[str, str]) -> Path | None:
    """An interpreter of exactly that version on this machine; None where there is none.

    Ours, then those of uv and of pyenv, then the one on PATH: https://docs.astral.sh/uv/reference/storage/ and
    https://github.com/pyenv/pyenv say where they lie.

    Args:
        version: `3.12.1`.
        environ: The process environment.
    """
    return next((path for path in _candidates(version, environ) if _is(path, version, environ)), None)


def fetch_compiler(version: str, environ: Mapping[str, str]) -> Path | None:
    """Fetch an interpreter into this tool's own cache; None where what came is no such one.

    Raises:
        UvRefused: It cannot be fetched.
    """
    folder = _own(environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UvRefused(str(error)) from error
    install_python(version, folder, environ, Bounds(seconds=_FETCHING))
    return find_compiler(version, environ)


def _own(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / "pythons"


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    if sys.version.split()[0] == version:
        yield Path(sys.executable)
    minor = version.rpartition(".")[0]
    home = Path(environ.get("HOME") or "/")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    for place in (_own(environ), Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")):
        yield from sorted(place.glob(f"cpython-{version}-*/bin/python{minor}"))
    yield Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions" / version / "bin" / f"python{minor}"
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        yield Path(folder) / f"python{minor}"


def _is(path: Path, version: str, environ: Mapping[str, str]) -> bool:
    if not path.is_file():
        return False
    command = [str(path), "-I", "-S", "-c", _PROBE]
    seen = bare_environment(environ)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=seen)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == ["cpython", version, "-"]
