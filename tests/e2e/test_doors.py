"""The doors `demo` and `try`, as a person opens them."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from azure_sandbox.base_images.interpreters import running_minor
from support.cancelling import GONE, wait
from support.console import LIVE, Trial, command, console_environ, tried
from support.office_proxy import office_proxy
from support.project import ECHO_SCRIPT, write_echo_project
from support.tools import ROOT, find_python

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive


@pytest.mark.needs("docker", "mmdebstrap")
def test_demo_ends_with_an_answer_of_the_live_function() -> None:
    """A line names the URL, the answer and the time, and then comes what to do; the example answers its own sample.

    It is so behind a proxy, too: nothing of the sandbox is looked for there.
    """
    with office_proxy() as proxy:
        environ = {**console_environ(), **proxy.environ}
        process = subprocess.run(
            command("demo"), cwd=ROOT, env=environ, capture_output=True, text=True, timeout=280, check=False
        )

    assert process.returncode == 0, process.stdout + process.stderr
    assert [] == proxy.refused
    said, _, then = process.stdout.partition("\nNext: ")
    assert ["init", "doctor"] == [line.split()[-1] for line in then.splitlines()[1:3]]
    assert "docs/tutorials/first-model.md" in then
    live = LIVE.match(said.splitlines()[-1])
    assert live, process.stdout
    assert '"species": ["setosa", "virginica"]' in live[3]
    assert "It runs apps by: docker" in process.stdout


def test_a_pinned_python_that_is_not_here_is_told(tmp_path: Path) -> None:
    """Without Docker apps run on a Python of this machine; an environment pinned to another minor cannot."""
    folder = shutil.copytree(ROOT / "examples" / "iris-http", tmp_path / "pinned")
    conda = folder / "conda.yml"
    conda.write_text(conda.read_text().replace("dependencies:", "dependencies:\n  - python=3.14", 1))
    bare = {name: str(tmp_path) for name in ("HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_CACHE_HOME")}

    process = subprocess.run(
        command("demo", str(folder), "--engine", "process"),
        env={**console_environ(), **bare, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert process.returncode == 69
    assert "Could not offer a base image for Python 3.14: without Docker" in process.stderr
    assert "Use Docker, install it (`uv python install 3.14`), or ask for 3." in process.stderr


@pytest.mark.needs("python3.13")
@pytest.mark.parametrize("engine", ["process", pytest.param("docker", marks=pytest.mark.needs("docker", "mmdebstrap"))])
def test_a_python_of_this_machine_runs_it(engine: str, tmp_path: Path) -> None:
    """The first that is not the sandbox's own; in Docker, too, where no Debian has it. The end of support is told."""
    others = ("3.10", "3.12", "3.13") if engine == "process" else ("3.12", "3.10", "3.13")
    minor = next(other for other in others if find_python(other) and other != running_minor())
    script = ECHO_SCRIPT.replace('"got"', '"%d.%d" % __import__("sys").version_info[:2]')
    write_echo_project(tmp_path, script=script)
    inputs = {"entry-script": "src/score.py", "sample-request": "sample.json", "python-version": f"'{minor}'"}
    (tmp_path / "inputs.yml").write_text("".join(f"{name}: {value}\n" for name, value in inputs.items()))

    process = subprocess.run(
        command("demo", str(tmp_path), "--engine", engine),
        env=console_environ(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert process.returncode == 0, process.stdout + process.stderr
    said, _, _ = process.stdout.partition("\nNext: ")
    live = LIVE.match(said.splitlines()[-1])
    assert live, process.stdout
    assert f'"{minor}"' in live[3]
    assert f"It runs apps by: {engine}" in process.stdout
    assert (minor == "3.10") == ("The support of Python 3.10 ended on 31 October 2026" in process.stdout)


def test_the_command_line_plans_with_flags_and_variables(sandbox: Sandbox, tmp_path: Path) -> None:
    """The third door: the same inputs as flags, secrets and defaults as variables, and nothing is written."""
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(tmp_path), "app-name": "echo-flags"}
    flags = [word for name, value in inputs.items() for word in (f"--{name}", value)]
    summary = tmp_path / "summary.md"
    variables = {"FUNCTIONS_MODEL_RESOURCE_GROUP": "echo-flags-group", "FUNCTIONS_MODEL_SUMMARY_FILE": str(summary)}
    sandbox.journal.clear()

    process = subprocess.run(
        command("plan", *flags),
        cwd=tmp_path,
        env={**console_environ(), **sandbox.endpoints.environ(), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert process.returncode == 0, process.stdout + process.stderr
    assert "Plan: 8 to create." in process.stdout
    assert "changed=false" in process.stdout.splitlines()
    assert summary.read_text().startswith("## `echo-flags` is planned; nothing was written")
    assert list(sandbox.journal.writes()) == []


class TestTry:
    """`functions-model try`."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """What is tried may be anywhere, under any name."""
        folder = tmp_path / "my model"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "weights.txt").write_text("first")
        (folder / "score.py").write_text(ECHO_SCRIPT)
        (folder / "sample-request.json").write_text('{"x": 1}')
        return folder

    def test_serves_deploys_changes_and_stops_on_ctrl_c(self, folder: Path) -> None:
        """It says how to call it, deploys a file that was changed, tells a fault, and leaves nothing behind.

        A script alone is put into the app that runs, also after `init()` failed there; a deployment has it, too.
        A `report-directory` for the other commands is none of its own: it would deploy its own report.
        """
        (folder / "inputs.yml").write_text("report-directory: out\n")
        with tried(folder, "--engine", "process") as trial:
            live = trial.live()
            call = next(line for line in trial.lines if line.strip().startswith("curl "))
            ca_file = re.search(r"--cacert (\S+)", call)
            assert ca_file
            url = live[2]
            first = requests.post(url, json={"y": 2}, verify=ca_file[1], timeout=30).json()
            (folder / "score.py").write_text("def init():\n    pass\n")
            trial.read_until("no `run`", "has no", "error: ")
            (folder / "model" / "weights.txt").write_text("second")
            (folder / "score.py").write_text(ECHO_SCRIPT)
            trial.read_until("try: live")
            second = requests.post(url, json={"y": 3}, verify=ca_file[1], timeout=30).json()

            deployed = len(trial.lines)
            (folder / "score.py").write_text(f"raise OSError('libdnn.so')\n{ECHO_SCRIPT}")
            trial.read_until("error: Could not verify")
            (folder / "score.py").write_text(ECHO_SCRIPT.replace('"got"', '"heard"'))
            trial.read_until("try: live")
            third = requests.post(url, json={"y": 4}, verify=ca_file[1], timeout=30).json()
            edits = trial.lines[deployed:]
            (folder / "model" / "weights.txt").write_text("third")
            trial.read_until("try: live")
            fourth = requests.post(url, json={"y": 5}, verify=ca_file[1], timeout=30).json()

            code = trial.stop()

        assert {"model": "second", "heard": {"y": 4}} == third
        assert {"model": "third", "heard": {"y": 5}} == fourth
        assert "app | OSError: libdnn.so" in edits
        assert not any("Prepare the image" in line for line in edits)
        assert {"model": "first", "got": {"y": 2}} == first
        assert {"model": "second", "got": {"y": 3}} == second
        assert not (folder / "out").exists()
        assert code == 130
        # It was told to stop, and does so by itself.
        port = urlsplit(url).port or 0
        assert wait(lambda: not _answers(port))

    @pytest.mark.parametrize(
        "line", ["Starting a local Azure", "The sandbox is up", "Prepare the image: ", "try: live"]
    )
    def test_is_gone_whenever_it_is_stopped(self, folder: Path, tmp_path: Path, line: str) -> None:
        """However often it is told to: with its sandbox, without a traceback, and with nothing left on the disk."""
        place = tmp_path / "temporary"
        place.mkdir()
        with subprocess.Popen(
            command("try", str(folder), "--engine", "process"),
            env={**console_environ(), "TMPDIR": str(place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            trial = Trial(process)
            trial.read_until(line)
            begun = time.monotonic()
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGINT, signal.SIGTERM):
                process.send_signal(number)
                time.sleep(0.02)
            rest = process.communicate(timeout=30)[0]
            seconds = time.monotonic() - begun

        assert (130, True) == (process.returncode, seconds < GONE), rest
        assert "Traceback" not in rest
        assert wait(lambda: not _processes_with(str(place)))


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 5).close()
    except OSError:
        return False
    return True


def _processes_with(text: str) -> list[str]:
    """Processes that have this in their command or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            found += [process.name] if text.encode() in said else []
    return found
