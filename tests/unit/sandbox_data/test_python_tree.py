"""A Python of this machine, packed as a layer."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from azure_sandbox.base_images.interpreters import Interpreter
from azure_sandbox.base_images.python_tree import python_layer

if TYPE_CHECKING:
    from pathlib import Path


def test_it_lies_where_it_lies_here(tmp_path: Path) -> None:
    """At the same absolute path, for anybody to read, without what no app needs; and it is packed once."""
    prefix, blobs = tmp_path / "3.99.2", tmp_path / "blobs"
    told: list[str] = []
    for name in ("bin/python3.99", "lib/python3.99/os.py", "lib/python3.99/test/a.py", "lib/python3.99/__pycache__/a"):
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).touch(mode=0o700)
    (prefix / "lib/python3.99/site-packages").mkdir()
    (prefix / "bin/python3").symlink_to("python3.99")
    blobs.mkdir()
    found = Interpreter(prefix / "bin/python3.99", "3.99.2", prefix)

    layers = [python_layer(found, blobs, told.append) for _ in range(2)]

    with tarfile.open(blobs / layers[0].digest.removeprefix("sha256:")) as tar:
        files = {f"/{member.name}": member for member in tar if not member.isdir()}
    assert layers[0] == layers[1]
    assert 1 == len(told)
    assert {f"{prefix}/bin/python3", f"{prefix}/bin/python3.99", f"{prefix}/lib/python3.99/os.py"} == files.keys()
    assert "python3.99" == files[f"{prefix}/bin/python3"].linkname
    assert 0o755 == files[f"{prefix}/bin/python3.99"].mode
