"""Byte code of the host's and the worker's modules, so that no container compiles them again at its start."""

from __future__ import annotations

import hashlib
import importlib.util
import py_compile
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.base_images.cache import settle

if TYPE_CHECKING:
    from collections.abc import Mapping


def byte_code(files: Mapping[str, bytes], minor: str, cache: Path) -> dict[str, bytes]:
    """The `__pycache__` files of every module, to lie beside it; none for a Python that is not the running one.

    They are made once per machine: two compilations of one text need not give the same bytes.

    Args:
        files: Path in the image -> content.
        minor: The Python that runs them.
        cache: Where they are kept.
    """
    if minor != f"{sys.version_info.major}.{sys.version_info.minor}":
        return {}
    modules = {path: text for path, text in sorted(files.items()) if path.endswith(".py")}
    home = cache / f"compiled-{minor}-{_key(modules)}"
    if not home.exists():
        with tempfile.TemporaryDirectory(dir=cache, prefix="compiled-") as name:
            _compile(modules, Path(name))
            settle(Path(name), home)
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*.pyc")}


def _compile(modules: Mapping[str, bytes], folder: Path) -> None:
    with tempfile.NamedTemporaryFile() as source:
        for path, text in modules.items():
            Path(source.name).write_bytes(text)
            py_compile.compile(
                source.name,
                cfile=str(folder / importlib.util.cache_from_source(path)),
                dfile=f"/{path}",
                doraise=True,
                # Never compared with the source: a layer has no times.
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


def _key(modules: Mapping[str, bytes]) -> str:
    key = hashlib.sha256(importlib.util.MAGIC_NUMBER)
    for path, text in modules.items():
        key.update(path.encode() + b"\0" + hashlib.sha256(text).digest())
    return key.hexdigest()[:16]
