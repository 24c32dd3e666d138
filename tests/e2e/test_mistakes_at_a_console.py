"""The mistakes of a first hour at a console: the options and the folders that were meant are named, and work."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.authorization.definitions import CONTRIBUTOR
from functions_model.cli.folder import check_inputs, inputs_of
from functions_model.core.failures import InputsInvalid
from support.console import command, console_environ
from support.mistakes import NAMES, holds
from support.project import ECHO_SCRIPT, write_echo_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive


def _type(folder: Path, environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=60, check=False
    )


def _errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of a console that are errors, without that word."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a project that works."""
    write_echo_project(tmp_path)
    return tmp_path


class TestTheCommandLine:
    """Mistakes at a console."""

    def test_offers_the_options_that_were_meant(self, sandbox: Sandbox, project: Path) -> None:
        """With their hyphens, a line each; and `plan-destroy` takes all flags of `deploy`."""
        environ = {**console_environ(), **sandbox.endpoints.environ()}
        given = {**sandbox.endpoints.inputs(), **NAMES, **write_echo_project(project)}
        misspelt = {"app-name": "--app_name", "resource-group": "--resource-grup", "sample-request": "--sample"}
        wrong = [word for name, text in given.items() if text for word in (misspelt.get(name, f"--{name}"), text)]
        right = [word for name, text in given.items() if text for word in (f"--{name}", text)]

        refused, passed = (_type(project, environ, "plan-destroy", *words) for words in (wrong, right))

        assert [2, 0] == [refused.returncode, passed.returncode], refused.stdout + passed.stdout
        offered = {f"there is no option `{typed}`. Did you mean `--{name}`?" for name, typed in misspelt.items()}
        assert sorted(offered) == sorted(_errors(refused))

    def test_takes_a_secret_from_a_variable(self, sandbox: Sandbox, project: Path) -> None:
        """Without a login, and with the secret as an option, the variable is named; with it the command runs."""
        login = sandbox.directory.add_application("laptop")
        sandbox.roles.grant(login.principal.object_id, CONTRIBUTOR, f"/subscriptions/{sandbox.subscription_id}")
        given = {**sandbox.endpoints.inputs(), **NAMES, "client-id": login.principal.client_id}
        words = ["plan-destroy", *(word for name, text in given.items() if text for word in (f"--{name}", text))]
        trusted = {name: text for name, text in sandbox.endpoints.environ().items() if not name.startswith("ACTIONS_")}
        laptop = {**console_environ(), **trusted, "AZURE_CONFIG_DIR": str(project), "PATH": "/usr/bin:/bin"}
        variable = "FUNCTIONS_MODEL_CLIENT_SECRET"

        nothing = _type(project, laptop, *words)
        typed = _type(project, laptop, *words, "--client-secret", "abc")
        passed = _type(project, {**laptop, variable: login.secret}, *words)

        assert [4, 2, 0] == [done.returncode for done in (nothing, typed, passed)], nothing.stdout + passed.stdout
        assert holds(_errors(nothing)[0], ("Could not log in to Azure", "`az login`", variable)), nothing.stdout
        assert [(True, 1)] == [(variable in line, len(_errors(typed))) for line in _errors(typed)]


class TestTry:
    """Folders that cannot be tried, told before a sandbox starts."""

    @pytest.mark.parametrize(
        ("folder", "says"),
        [
            ("nothere", ("there is no folder", "nothere`", "Check the path.")),
            ("serving/model/weights.txt", ("is a file, not a folder", "Name the folder", "serving`")),
            (".", ("entry-script: there is no `score.py`", "Write `entry-script: serving/score.py`", "`serving`")),
            ("serving/bare", ("model-path: there is no `model`", "Put the model into `model/`", "`inputs.yml`")),
        ],
    )
    def test_says_what_is_missing(self, tmp_path: Path, folder: str, says: tuple[str, ...]) -> None:
        """And what lies near."""
        self._serving(tmp_path)

        done = _type(tmp_path, console_environ(), "try", folder)

        assert (2, True) == (done.returncode, any(holds(line, says) for line in _errors(done))), done.stdout
        assert "Starting a local Azure" not in done.stdout

    def test_takes_the_ways_out(self, tmp_path: Path) -> None:
        """The folder below; the script and the model by name; the model put beside the script."""
        self._serving(tmp_path)
        (tmp_path / "inputs.yml").write_text("entry-script: serving/score.py\nmodel-path: serving/model/weights.txt\n")
        (tmp_path / "serving/bare/inputs.yml").write_text("model-path: []\n")

        folders = (tmp_path, tmp_path / "serving", tmp_path / "serving/bare")

        assert ["", "", ""] == [_refusal(folder) for folder in folders]

    def _serving(self, folder: Path) -> None:
        for place in ("serving", "serving/bare"):
            (folder / place).mkdir()
            (folder / place / "score.py").write_text(ECHO_SCRIPT)
        (folder / "serving/model").mkdir()
        (folder / "serving/model/weights.txt").write_text("first")


def _refusal(folder: Path) -> str:
    try:
        check_inputs(folder, inputs_of(folder))
    except InputsInvalid as refused:
        return str(refused)
    return ""
