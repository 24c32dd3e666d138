"""How long somebody waits who edits a script while it is tried."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.results import alone
from benchmarks.timing import RUNS
from support.console import tried
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.results import Results
    from support.console import Trial

pytestmark = pytest.mark.timeout(1000)


def _seconds(trial: Trial, file: Path, text: str) -> float:
    """From the moment in which a file is saved until the app has answered the sample again."""
    started = time.perf_counter()
    file.write_text(text)
    trial.read_until("try: live")
    return time.perf_counter() - started


def test_an_edit_is_live(tmp_path: Path, results: Results) -> None:
    """`examples/iris-http`, whose script imports scikit-learn; beside it, what a deployment of the change takes."""
    folder = shutil.copytree(ROOT / "examples" / "iris-http", tmp_path / "iris")
    script, other = folder / "score.py", folder / "notes.txt"
    text = script.read_text()
    with tried(folder, "--engine", "process") as trial:
        ours = [_seconds(trial, script, f"{text}# {count}\n") for count in range(RUNS)]
        deployed = [_seconds(trial, other, "a file that is no script\n")]

    results.add("try_edit_s", alone(ours, aim=5.0, unit="s", theirs=deployed))
