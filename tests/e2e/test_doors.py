"""The doors `demo` and `try`, as a person opens them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from support.project import write_echo_project
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

_LIVE = re.compile(r"^(demo|try): live (https://localhost:\d+/api/score) -> (.+) in (\d+\.\d) s$")


def _environ() -> dict[str, str]:
    """A console's environment: not that of a CI job, even where the tests run in one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "ACTIONS_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src")}


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "functions_model", *words]


@pytest.mark.parametrize("engine", ["process", pytest.param("docker", marks=pytest.mark.needs("docker", "mmdebstrap"))])
def test_demo_ends_with_an_answer_of_the_live_function(engine: str) -> None:
    """The last line names the URL, the answer and the time; the example has its own answer for its sample."""
    process = subprocess.run(
        _command("demo", "--engine", engine),
        cwd=ROOT,
        env=_environ(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert process.returncode == 0, process.stdout + process.stderr
    live = _LIVE.match(process.stdout.splitlines()[-1])
    assert live, process.stdout
    assert '"species": ["setosa", "virginica"]' in live[3]
    assert f"It runs apps by: {engine}" in process.stdout


def test_a_pinned_python_that_is_not_here_asks_for_docker(tmp_path: Path) -> None:
    """Without Docker apps run on this interpreter; an environment pinned to another minor cannot, and is told so."""
    other = "3.13" if sys.version_info[:2] != (3, 13) else "3.12"
    folder = shutil.copytree(ROOT / "examples" / "iris-http", tmp_path / "pinned")
    conda = folder / "conda.yml"
    conda.write_text(conda.read_text().replace("dependencies:", f"dependencies:\n  - python={other}", 1))

    process = subprocess.run(
        _command("demo", str(folder), "--engine", "process"),
        env=_environ(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert process.returncode == 69
    assert f"Could not offer a base image for Python {other}" in process.stderr
    assert "Use Docker" in process.stderr


def test_the_command_line_plans_with_flags_and_variables(sandbox: Sandbox, tmp_path: Path) -> None:
    """The third door: the same inputs as flags, secrets and defaults as variables, and nothing is written."""
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(tmp_path), "app-name": "echo-flags"}
    flags = [word for name, value in inputs.items() for word in (f"--{name}", value)]
    summary = tmp_path / "summary.md"
    variables = {"FUNCTIONS_MODEL_RESOURCE_GROUP": "echo-flags-group", "FUNCTIONS_MODEL_SUMMARY_FILE": str(summary)}
    sandbox.journal.clear()

    process = subprocess.run(
        _command("plan", *flags),
        cwd=tmp_path,
        env={**_environ(), **sandbox.endpoints.environ(), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert process.returncode == 0, process.stdout + process.stderr
    assert "Plan: 8 to create, 0 to update, 0 to keep." in process.stdout
    assert "changed=true" in process.stdout.splitlines()
    assert summary.read_text().startswith("## `echo-flags` is planned; nothing was written")
    assert list(sandbox.journal.writes()) == []


class TestTry:
    """`functions-model try`."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A copy of the example: what is tried may be anywhere."""
        return shutil.copytree(ROOT / "examples" / "iris-http", tmp_path / "my model")

    @pytest.fixture
    def serving(self, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
        """A `try` that serves, and the lines it has printed."""
        with subprocess.Popen(
            _command("try", str(folder), "--engine", "process"),
            env=_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            guard = threading.Timer(240, process.kill)
            guard.start()
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line.rstrip())
                if "Ctrl-C" in line:
                    break
            yield process, lines
            process.kill()
            guard.cancel()

    def test_serves_until_ctrl_c_and_leaves_nothing_behind(
        self, serving: tuple[subprocess.Popen[str], list[str]]
    ) -> None:
        """It says how to call it, answers the call, and stops cleanly."""
        process, lines = serving
        live = next((match for line in lines if (match := _LIVE.match(line))), None)
        assert live, "\n".join(lines)
        call = next(line for line in lines if line.strip().startswith("curl "))
        ca_file = re.search(r"--cacert (\S+)", call)
        assert ca_file
        answer = requests.post(live[2], json={"data": [[5.1, 3.5, 1.4, 0.2]]}, verify=ca_file[1], timeout=30)

        process.send_signal(signal.SIGINT)
        code = process.wait(60)

        assert answer.json()["species"] == ["setosa"]
        assert code == 130
        with pytest.raises(requests.ConnectionError):
            requests.get(live[2], verify=False, timeout=5)  # noqa: S501 - its certificate authority is gone
