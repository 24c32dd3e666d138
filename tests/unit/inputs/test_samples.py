"""The sample request: what is wrong with it is known before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.spec import Mode
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, problems

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "empty.json": (b"", "is empty"),
    "bom.json": (b'\xef\xbb\xbf{"data": 1}', "begins with a byte order mark"),
    "wide.json": ('{"data": 1}'.encode("utf-16"), "is in UTF-16"),
    "latin.json": ('{"data": "ö"}'.encode("latin-1"), "is not UTF-8"),
    "wide.csv": ("a,b".encode("utf-16"), "is in UTF-16"),
    "torn.json": (b'{"data": [1,\n2}', "is not JSON: Expecting ',' delimiter in line 2, column 2"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "is a Git LFS pointer"),
}
RIGHT = {
    "words.txt": b"no JSON",
    "lines": b"no JSON, and no ending",
    "not-a-number.json": b"[NaN]",
    "sound.mp3": b"\xff\xfe",
    "sheet.csv": b"\xef\xbb\xbfa,b",
    "a.jsonl": b"{}\n{}",
}


class TestASample:
    @pytest.mark.parametrize("mode", ["deploy", "plan"])
    @pytest.mark.parametrize("name", WRONG)
    def test_that_nothing_can_read_is_refused(self, workspace: Path, name: str, mode: str) -> None:
        """Before resources are made, and in a plan, too."""
        content, words = WRONG[name]
        (workspace / name).write_bytes(content)

        found = problems({**DEPLOY, "mode": mode, "sample-request": name}, workspace)

        assert ["sample-request"] == list(found)
        assert words in found["sample-request"]

    def test_and_its_time_are_checked_by_a_plan(self, workspace: Path) -> None:
        """What a deployment would refuse, its plan refuses."""
        found = problems({**DEPLOY, "mode": "plan", "sample-request": "none.json", "verify-timeout": "x"}, workspace)

        assert ["sample-request", "verify-timeout"] == sorted(found)

    @pytest.mark.parametrize("name", RIGHT)
    def test_may_be_anything_else(self, workspace: Path, name: str) -> None:
        """Only a file that is called `.json` must be JSON, as Python reads it."""
        (workspace / name).write_bytes(RIGHT[name])

        spec = read_inputs({**DEPLOY, "sample-request": name}, workspace=workspace)

        assert workspace / name == spec.sample_request

    def test_is_not_looked_at_by_who_only_packages(self, workspace: Path) -> None:
        """Nothing is sent to anybody."""
        spec = read_inputs({**DEPLOY, "mode": "package", "sample-request": "none.json"}, workspace=workspace)

        assert (Mode.PACKAGE, None) == (spec.mode, spec.sample_request)
