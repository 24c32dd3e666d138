"""The interpreter that compiles: of one exact version for each minor. Another patch may give other byte code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_model.environment.processes import bare_environment
from functions_model.environment.rattler_tool import cache_folder


@dataclass(frozen=True, slots=True)
class Pinned:
    """An interpreter that makes byte code, and the package of conda-forge for Linux on x86-64 that holds it.

    Attributes:
        version: Exact.
        build: Of the package.
        sha256: Of the package's file.
    """

    version: str
    build: str
    sha256: str

    @property
    def minor(self) -> str:
        """`3.12`."""
        return self.version.rpartition(".")[0]


PINNED = (
    Pinned("3.10.20", "h3c07f61_0_cpython", "8ff2ce308faf2588b69c65b120293f59a8f2577b772b34df4e817d220b09e081"),
    Pinned("3.11.15", "hd63d673_0_cpython", "bf6a32c69889d38482436a786bea32276756cedf0e9805cc856ffd088e8d00f0"),
    Pinned("3.12.12", "hd63d673_1_cpython", "39898d24769a848c057ab861052e50bdc266310a7509efa3514b840e85a2ae98"),
    Pinned("3.13.9", "hc97d973_101_cp313", "e89da062abd0d3e76c8d3b35d3cafc5f0d05914339dcb238f9e3675f2a58d883"),
)
"""One for each minor that gets byte code. uv knows these versions with their hashes since 0.13 (`uv python list
--all-versions --only-downloads`); those of conda-forge stand in `pixi.lock` of Quantco/glum and prefix-dev/pixi."""
COMPILERS: Mapping[str, str] = {one.minor: one.version for one in PINNED}
"""By minor, the exact version that compiles. A minor without one gets no byte code: see decision 67 about 3.14."""
_PROBE = "import sys; print(sys.implementation.name, sys.version.split()[0], sys.abiflags or '-')"
"""Builds without the global lock, and those for debugging, give other byte code: their flags are not empty."""
_SECONDS = 20


def find_compiler(version: str, environ: Mapping[str, str]) -> Path | None:
    """An interpreter of exactly that version on this machine; None where there is none.

    Ours, then those of uv and of pyenv, then the one on PATH: https://docs.astral.sh/uv/reference/storage/ and
    https://github.com/pyenv/pyenv say where they lie.

    Args:
        version: `3.12.1`.
        environ: The process environment.
    """
    return next((path for path in _candidates(version, environ) if is_compiler(path, version, environ)), None)


def is_compiler(path: Path, version: str, environ: Mapping[str, str]) -> bool:
    """Whether a program is an interpreter of exactly that version, of the usual build.

    Args:
        path: The program; may be absent.
        version: `3.12.1`.
        environ: The process environment.
    """
    if not path.is_file():
        return False
    command = [str(path), "-I", "-S", "-c", _PROBE]
    seen = bare_environment(environ)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=seen)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == ["cpython", version, "-"]


def own_pythons(environ: Mapping[str, str]) -> Path:
    """The folder of this tool's own cache for interpreters, a folder `cpython-<version>-...` for each."""
    return cache_folder(environ) / "pythons"


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    if sys.version.split()[0] == version:
        yield Path(sys.executable)
    minor = version.rpartition(".")[0]
    home = Path(environ.get("HOME") or "/")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    for place in (own_pythons(environ), Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")):
        yield from sorted(place.glob(f"cpython-{version}-*/bin/python{minor}"))
    yield Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions" / version / "bin" / f"python{minor}"
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        yield Path(folder) / f"python{minor}"
