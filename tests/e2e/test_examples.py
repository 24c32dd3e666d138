"""Every example is deployed and used as its README says: with `functions-model try`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from support.console import tried
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = sorted(folder for folder in (ROOT / "examples").iterdir() if folder.is_dir())


@pytest.mark.parametrize("folder", [one for one in FOLDERS if one.name != "iris-http"], ids=lambda folder: folder.name)
def test_an_example_is_served_and_used(folder: Path) -> None:
    """The sample is scored by the live app, then goes through the trigger itself, and Ctrl-C ends it all."""
    readme = (folder / "README.md").read_text()
    with tried(folder) as trial:
        answer = trial.live()[3]
        used = [line for line in trial.lines if line.startswith(("Put ", "Sent "))]
        code = trial.stop()

    assert code == 130
    expected = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    if expected:
        assert json.loads(expected[0]) == json.loads(answer)
    assert bool(used) == folder.name.startswith(("blob-", "service-bus-"))
    assert all(" -> " in line and "no answer" not in line for line in used)
