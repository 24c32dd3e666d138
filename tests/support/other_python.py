"""The product on another Python than that of the tests."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import sys
from pathlib import Path

from support.tools import ROOT, find_python

_LOCKS = ROOT / "requirements"


@functools.cache
def product_python(minor: str) -> Path:
    """An interpreter of that minor with what the product needs, to the last version; made once, in `.venv-MINOR`."""
    venv = ROOT / f".venv-{minor}"
    stamp, python = venv / "made-from.txt", venv / "bin" / "python"
    wanted = "\n".join(_hash(file) for file in (_LOCKS / "runtime.lock", ROOT / "pyproject.toml"))
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).with_name("uv")
        if not python.exists():
            subprocess.run([uv, "venv", "-q", "--clear", "--python", str(find_python(minor)), venv], check=True)
        install: list[str | Path] = [uv, "pip", "install", "-q", "--python", python]
        subprocess.run([*install, "--compile-bytecode", "--require-hashes", "-r", _LOCKS / "runtime.lock"], check=True)
        itself: list[str | Path] = ["--no-deps", "--build-constraints", _LOCKS / "build.lock", "--editable", ROOT]
        subprocess.run([*install, *itself], check=True)
        stamp.write_text(wanted)
    return python


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
