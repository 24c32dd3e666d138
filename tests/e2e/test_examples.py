"""Every example is deployed and used as its README says: with `functions-model try`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from support.console import tried
from support.tools import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {"iris-http", "rent-by-identity"}
"""The demo opens the one every day; `test_script_identity.py` deploys the other."""


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "folder", [one for one in EXAMPLES if one.name not in ELSEWHERE], ids=lambda folder: folder.name
)
@pytest.mark.usefixtures("sandbox")  # it keeps the base image's layers at hand
def test_an_example_is_served_and_used(folder: Path) -> None:
    """The sample is scored by the live app, then goes through the trigger itself, and Ctrl-C ends it all.

    A long answer is shown in part.
    """
    with tried(folder) as trial:
        answer = trial.live()[3]
        used = [line for line in trial.lines if line.startswith(("Put ", "Sent "))]
        code = trial.stop()

    assert code == 130
    assert any(told.startswith(answer.removesuffix(" [...]")) for told in told_answers(folder)), answer
    assert bool(used) == folder.name.startswith(("blob-", "service-bus-"))
    assert all(" -> " in line and "no answer" not in line for line in used)


def told_answers(folder: Path) -> list[str]:
    """What the README says that the sample is answered, as the one line of `try` shows it."""
    if folder.name == "raw-image-denoise":
        return ["3054 bytes of image/png"]
    blocks = re.findall(r"```json\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    return [json.dumps(json.loads(block)) for block in blocks]
