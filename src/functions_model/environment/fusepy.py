"""`fusepy`: the one package without a wheel that is installed all the same, and that of one known source alone.

It is Python alone, and `azureml-dataset-runtime[fuse]`, and so every `azureml-defaults` since 2020, depends on it;
without it a resolver would pick a release of 2019. Its code runs when it is built. So what is built is pinned by hash,
and so is what builds it; and while dependencies are resolved nothing is built at all.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

NAME = "fusepy"
_VERSION = "3.0.1"
_SOURCE_HASH = "sha256:72ff783ec2f43de3ab394e3f7457605bf04c8cf288a2f4068b4cde141d4ee6bd"
"""Of `fusepy-3.0.1.tar.gz`, the only file of the last release, of 2018, as the Python Package Index has it."""
_BUILDERS = Path(__file__).with_name("fusepy_build.lock")
"""What builds it, with hashes."""
_STEM = f"{NAME}-{_VERSION}"
_FILES = {
    f"{_STEM}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_VERSION}\n",
    f"{_STEM}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{_STEM}.dist-info/RECORD": "",
}


def write_promise(folder: Path) -> str:
    """Write a wheel that says what `fusepy` depends on, and holds nothing else: a resolver need not build it to know.

    Args:
        folder: Where to; it exists.

    Returns:
        The wheel's hash, `sha256:...`: what is locked with it stands for the source.
    """
    wheel = folder / f"{_STEM}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in _FILES.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def keep_promise(hashes: Sequence[str], promise: str) -> tuple[str, ...]:
    """The hashes of a locked package, with the known source's in the place of the promise's.

    Where there is a true wheel as well, that one is installed.
    """
    others = tuple(value for value in hashes if value != promise)
    return others or ((_SOURCE_HASH,) if promise in hashes else ())


def is_known_source(name: str, hashes: Sequence[str]) -> bool:
    """Whether a locked package is the source that may be built."""
    return name == NAME and tuple(hashes) == (_SOURCE_HASH,)


def build_options() -> tuple[str, ...]:
    """Options of an installation with hashes that let uv build it, with what is known to build it."""
    return ("--no-binary", NAME, "--build-constraints", str(_BUILDERS), "--require-build-hashes")
