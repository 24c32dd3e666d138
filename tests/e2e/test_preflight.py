"""What would fail in Azure is told before anybody sees it there, and by a command that needs no Azure."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.console import command
from support.deployment import run_action
from support.project import ECHO_SCRIPT, write_echo_project
from support.tools import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

SEEN_OR_COSTLY = re.compile(r"/manifests/|/serverfarms/|Microsoft\.ServiceBus/|Microsoft\.Web/sites|/config/")
BROKEN = f"import json\nimport cv2\n{ECHO_SCRIPT}"


def test_a_finding_comes_before_what_is_seen_or_costs(sandbox: Sandbox, tmp_path: Path) -> None:
    """No manifest, tag, plan, namespace, app or setting is written; an environment that is found is looked at."""
    app = {"app-name": "preflight", "resource-group": "preflight", "image-name": "preflight"}
    queues = {"trigger": "service-bus-queue", "input-queue-name": "in", "output-queue-name": "out"}
    names = sandbox.endpoints.inputs() | app
    packed = run_action(
        tmp_path / "sound",
        {**names, **write_echo_project(tmp_path / "sound"), "mode": "package"},
        sandbox.endpoints.environ(),
    )
    project = write_echo_project(tmp_path / "broken", script=BROKEN)
    sandbox.journal.clear()

    run = run_action(tmp_path / "broken", {**names, **project, **queues}, sandbox.endpoints.environ())

    assert 0 == packed.code, packed.log
    assert 3 == run.code, run.log
    what = "nothing in the image has the module `cv2` (src/score.py:2). Add `opencv-python-headless` to"
    assert [f"::error file=src/score.py,line=2::{what} `requirements.txt`."] == run.errors
    assert re.search(r"dependencies .* reused, not installed", run.log), run.log
    assert [] == [one.path for one in sandbox.journal.writes() if SEEN_OR_COSTLY.search(one.path)]


def preflight(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command, without a sandbox, a login or a registry."""
    return subprocess.run(command("preflight", str(folder), *options), capture_output=True, text=True, check=False)


def test_the_command_prints_as_linters_do(tmp_path: Path) -> None:
    """A line for each finding, in the order of the file, and an exit code by the gravest."""
    write_echo_project(tmp_path)
    (tmp_path / "inputs.yml").write_text("entry-script: src/score.py\nsample-request: sample.json\n")
    (tmp_path / "sample.json").write_bytes(b"\xef\xbb\xbf{}")
    (tmp_path / "src" / "score.py").write_text(f"import os\n\nif os.environ.get('X'):\n    import debugpy\n{BROKEN}")

    run = preflight(tmp_path)

    assert 3 == run.returncode, run.stderr
    first, *others = run.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/sample.json: failure: `sample.json` begins with a byte order mark")
    assert [f"{tmp_path}/src/score.py:4: note", f"{tmp_path}/src/score.py:6: failure"] == [
        ":".join(line.split(":")[:3]) for line in others
    ]
    assert "2 failures, 1 note.\n" == run.stderr


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_no_example_gives_an_alarm(folder: Path) -> None:
    """Not even where warnings end the run."""
    run = preflight(folder, "--strict")

    assert 0 == run.returncode, run.stdout + run.stderr
    assert all(line.startswith("note: ") for line in run.stdout.splitlines()), run.stdout
