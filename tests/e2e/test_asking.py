"""The doors `logs` and `call`: a live app, and a slot of it, is asked from a console."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.desk import Desk
from support.leaks import leaks
from support.live_sites import callers_keys, restarted, site_of
from support.triggers import TEXT_SCRIPT, deploy

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

TOKEN = "a-token-of-the-script"
TALKS = """\
import json
import os
from pathlib import Path


def init():
    global model
    model = (Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "weights.txt").read_text().strip()


def run(raw_data):
    got = json.loads(raw_data)
    print("asked for", got, os.environ.get("TOKEN"), flush=True)
    if got == "nonsense":
        raise ValueError("no such flower")
    return {"model": model, "got": got}
"""


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """An app, and a slot of it with another model."""
    one = Deployer(sandbox, tmp_path_factory.mktemp("asked"), "echo-asked")
    (one.folder / "src" / "score.py").write_text(TALKS)
    assert one.run(app_settings=f"TOKEN={TOKEN}").code == 0
    (one.folder / "model" / "weights.txt").write_text("second")
    assert one.run(slot_name="staging", app_settings=f"TOKEN={TOKEN}", route_prefix="none").code == 0
    return one


@pytest.fixture
def desk(deployer: Deployer) -> Desk:
    """With the sample among the inputs."""
    names = {"app_name": deployer.app, "resource_group": deployer.group, "sample_request": "sample.json"}
    return Desk(deployer.sandbox, deployer.folder, **names)


def keys_of(deployer: Deployer) -> set[str]:
    """All that may never be seen."""
    return {*callers_keys(deployer.sandbox, deployer.group, deployer.app).values(), TOKEN}


class TestCall:
    """`functions-model call`."""

    def test_sends_the_sample_with_the_apps_key(self, desk: Desk, deployer: Deployer) -> None:
        """The answer alone is on standard output; status and seconds are beside it, and no key anywhere."""
        done = desk.type("call")

        assert 0 == done.returncode, done.stderr
        assert {"model": "first", "got": {"x": 1}} == json.loads(done.stdout)
        assert "Status 200, " in done.stderr
        assert done.stderr.splitlines()[-1].endswith(" s, sample.json to /api/score.")
        assert [] == leaks((done.stdout + done.stderr).encode(), keys_of(deployer))

    def test_tells_each_request_where_somebody_asks_for_it(self, desk: Desk, deployer: Deployer) -> None:
        """Beside the answer, and without the key."""
        desk.environ["RUNNER_DEBUG"] = "1"

        done = desk.type("call")

        assert {"model": "first", "got": {"x": 1}} == json.loads(done.stdout), done.stderr
        assert re.search(r"^POST localhost:\d+/api/score 200, \d+ ms", done.stderr, re.MULTILINE)
        assert [] == leaks(done.stderr.encode(), keys_of(deployer))

    def test_sends_a_file_to_a_slot(self, desk: Desk) -> None:
        """The file wins over the sample; the slot has a key, a model and a route prefix of its own."""
        (desk.folder / "other.json").write_text("[2]")

        done = desk.type("call", "other.json", "--slot-name", "staging")

        assert {"model": "second", "got": [2]} == json.loads(done.stdout), done.stderr
        assert done.stderr.splitlines()[-1].endswith(" s, other.json to /score.")

    def test_ends_with_a_code_of_its_own_when_the_app_refuses(self, desk: Desk) -> None:
        """The answer is shown all the same."""
        (desk.folder / "bad.json").write_text('"nonsense"')

        done = desk.type("call", "bad.json")

        assert (8, True) == (done.returncode, "Status 500, " in done.stderr), done.stderr

    def test_of_an_app_that_takes_the_master_key_alone(self, desk: Desk, deployer: Deployer) -> None:
        """Nobody need say so."""
        assert deployer.run(slot_name="admin", auth_level="admin").code == 0

        done = desk.type("call", "--slot-name", "admin")

        assert 0 == done.returncode, done.stderr

    def test_of_an_app_that_is_not_there(self, desk: Desk) -> None:
        """The names are what one looks at."""
        done = desk.type("call", "--app-name", "echo-askd")

        assert 8 == done.returncode
        assert (
            "Could not find the function app `echo-askd`: there is none in the resource group `echo-asked-group`"
            in (done.stderr)
        )

    def test_without_anything_to_send(self, desk: Desk, deployer: Deployer) -> None:
        """Nobody logs in for that."""
        bare = Desk(deployer.sandbox, deployer.folder, app_name=deployer.app, resource_group=deployer.group)

        done = bare.type("call")

        assert (2, True) == (done.returncode, "functions-model call request.json" in done.stderr), done.stderr

    def test_of_a_blob_trigger_goes_to_its_check_function(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """And is said to: nothing went through the trigger."""
        (tmp_path / "sample.json").write_text('{"sample": true}')
        deploy(
            sandbox,
            tmp_path,
            TEXT_SCRIPT,
            "blob-asked",
            trigger="blob",
            input_path="input/{blobname}.json",
            sample_request="sample.json",
        )
        names = {"app_name": "blob-asked", "resource_group": "blob-asked-group"}

        done = Desk(sandbox, tmp_path, **names).type("call", "sample.json")

        assert 0 == done.returncode, done.stderr
        assert "to /api/check." in done.stderr
        assert "nothing went through the trigger" in done.stderr


class TestLogs:
    """`functions-model logs`."""

    def test_shows_the_newest_lines_without_secrets(self, desk: Desk, deployer: Deployer) -> None:
        """What the script has printed is among them; the setting that it printed is not."""
        assert 0 == desk.type("call").returncode

        done = desk.type("logs", "--lines", "20")

        assert 0 == done.returncode, done.stderr
        lines = done.stdout.splitlines()
        assert any("asked for {'x': 1} ***" in line for line in lines), done.stdout
        assert len(lines) <= 20
        assert [] == leaks((done.stdout + done.stderr).encode(), keys_of(deployer))

    def test_of_a_slot_are_its_own(self, desk: Desk) -> None:
        """What the app has written is not there."""
        (desk.folder / "mark.json").write_text('"for the slot"')
        desk.type("call", "mark.json", "--slot-name", "staging")

        slot, app = desk.type("logs", "--slot-name", "staging").stdout, desk.type("logs").stdout

        assert (True, False) == ("for the slot" in slot, "for the slot" in app)

    def test_go_on_with_what_comes(self, desk: Desk) -> None:
        """Until they are stopped; each line is shown once."""
        (desk.folder / "mark.json").write_text('"while you look"')
        with desk.following() as shown:
            before = len(shown)
            desk.type("call", "mark.json")
            threading.Event().wait(5)
        assert 1 == sum("while you look" in line for line in shown[before:]), "\n".join(shown)

    def test_that_are_off_say_how_to_turn_them_on(self, desk: Desk, deployer: Deployer) -> None:
        """The command is the one of App Service."""
        site = site_of(deployer.sandbox, deployer.group, deployer.app, "staging")
        site.config["httpLoggingEnabled"] = False
        restarted(deployer.sandbox, deployer.group, deployer.app, "staging")

        done = desk.type("logs", "--slot-name", "staging")

        assert 8 == done.returncode
        assert "container logging is off" in done.stderr
        assert "az webapp log config --name echo-asked" in done.stderr
