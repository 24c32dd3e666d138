"""Which Pythons a machine has."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.base_images.interpreters import Interpreter, find_interpreter, running_minor, search

if TYPE_CHECKING:
    from pathlib import Path


def _program(path: Path, says: str, code: int = 0) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


class TestSearch:
    """`search`."""

    @pytest.mark.parametrize(
        "place",
        [
            ".local/share/uv/python/cpython-3.99.2-linux-x86_64-gnu/bin/python3.99",
            ".pyenv/versions/3.99.2/bin/python3.99",
            "bin/python3.99",
        ],
    )
    def test_finds_those_of_uv_of_pyenv_and_on_path(self, place: str, tmp_path: Path) -> None:
        """With what it says of itself."""
        made = _program(tmp_path / place, f"3|99|2|{tmp_path}/base")
        environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}{os.pathsep}/bin"}

        assert Interpreter(made, "3.99.2", tmp_path / "base") == search("3.99", environ)

    def test_leaves_what_does_not_work_or_is_another(self, tmp_path: Path) -> None:
        """A shim on PATH that knows no such version, a Python without `ssl`, one that is of another minor."""
        _program(tmp_path / "bin" / "python3.99", "pyenv: python3.99: command not found", 127)
        _program(tmp_path / ".pyenv/versions/3.99.1/bin/python3.99", "3|98|1|/usr")
        environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}{os.pathsep}/bin"}

        assert search("3.99", environ) is None

    def test_the_running_one_is_always_there(self) -> None:
        """Also where it lies in a place of its own."""
        found = find_interpreter(running_minor())

        assert found
        assert sys.executable == str(found.path)
