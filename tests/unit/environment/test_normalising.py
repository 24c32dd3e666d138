"""Installed packages without traces of the machine."""

from __future__ import annotations

import base64
import csv
import hashlib
from typing import TYPE_CHECKING

import pytest

from functions_model.environment.normalising import normalise

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "import sys\nsys.exit(0)\n"
WANTED = f"#!/usr/bin/env python3\n{MAIN}"


def tool(folder: Path, script: str) -> Path:
    """A package with one script, as an installer leaves it on some machine."""
    (folder / "bin").mkdir()
    (folder / "bin/tool").write_text(script)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/tool.cpython-311.pyc").write_bytes(b"x")
    (folder / "tool.py").write_text(MAIN)
    (folder / ".lock").write_bytes(b"")
    information = folder / "tool-1.dist-info"
    information.mkdir()
    (information / "uv_cache.json").write_text("{}")
    rows = [
        "tool.py,sha256=x,1",
        "bin/tool,sha256=old,1",
        "tool-1.dist-info/uv_cache.json,,",
        "tool-1.dist-info/RECORD,,",
    ]
    (information / "RECORD").write_text("\r\n".join([*rows, "__pycache__/tool.cpython-311.pyc,,"]))
    return folder


class TestNormalise:
    """`normalise`."""

    @pytest.mark.parametrize(
        "start",
        [
            "#!/work/venv/bin/python\n",
            "#!/opt/python3.11/bin/python3.11 -E\n",
            "#!/bin/sh\n'''exec' '/a very long/path/python' \"$0\" \"$@\"\n' '''\n",
        ],
    )
    def test_scripts_start_with_the_image_s_python(self, start: str, tmp_path: Path) -> None:
        """Whatever interpreter the installer wrote into them."""
        normalise(tool(tmp_path, start + MAIN))

        assert (tmp_path / "bin/tool").read_text() == WANTED

    @pytest.mark.parametrize("script", ["#!/bin/sh\necho python\n", "#!/usr/bin/env bash\n", "\x7fELF"])
    def test_other_scripts_stay(self, script: str, tmp_path: Path) -> None:
        """Shell scripts and binaries are not Python's."""
        normalise(tool(tmp_path, script))

        assert (tmp_path / "bin/tool").read_text() == script

    def test_takes_out_what_the_machine_left(self, tmp_path: Path) -> None:
        """Byte code holds times, and uv's notes hold paths."""
        normalise(tool(tmp_path, WANTED))

        assert {"bin/tool", "tool.py", "tool-1.dist-info/RECORD"} == {
            file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()
        }

    def test_record_is_true(self, tmp_path: Path) -> None:
        """Files that are gone are not in it, changed ones have their new hash, and it is sorted."""
        normalise(tool(tmp_path, "#!/work/venv/bin/python\n" + MAIN))

        rows = list(csv.reader((tmp_path / "tool-1.dist-info/RECORD").read_text().splitlines()))
        digest = base64.urlsafe_b64encode(hashlib.sha256(WANTED.encode()).digest()).rstrip(b"=").decode()
        assert rows == [
            ["bin/tool", f"sha256={digest}", str(len(WANTED))],
            ["tool-1.dist-info/RECORD", "", ""],
            ["tool.py", "sha256=x", "1"],
        ]
