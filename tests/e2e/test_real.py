"""`make real`, pointed at the sandbox: it asks before it makes what is billed, can judge, and leaves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.faults import Fault
from support.judging import judge
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

GROUP = "functions-model-real-earlier"
TAGS = {"functions-model-real": "yes", "expires": "2027-01-01T00:00Z"}


def login_of(sandbox: Sandbox) -> dict[str, str]:
    """The variables that a person sets: the secret, and whom to trust."""
    ends = sandbox.endpoints
    return {"REAL_CLIENT_SECRET": ends.client_secret, "REQUESTS_CA_BUNDLE": str(ends.ca_bundle)}


@pytest.fixture
def target(sandbox: Sandbox, tmp_path: Path) -> tuple[str, ...]:
    """A file of endpoints and a login, as a person writes and passes it."""
    text, ends = (ROOT / "tests" / "real" / "target.example.toml").read_text(), sandbox.endpoints
    filled = {
        'authority = "https://login.microsoftonline.com"': f'authority = "{ends.authority}"',
        'resource-manager = "https://management.azure.com"': f'resource-manager = "{ends.resource_manager}"',
        'cloud = "AzureCloud"': f'cloud = "{ends.resource_manager}"',
        'tenant-id = ""': f'tenant-id = "{ends.tenant_id}"',
        'client-id = ""': f'client-id = "{ends.client_id}"',
        'subscription-id = ""': f'subscription-id = "{ends.subscription_id}"',
    }
    for empty, full in filled.items():
        assert empty in text
        text = text.replace(empty, full)
    path = tmp_path / "target.toml"
    path.write_text(text)
    return ("--target", str(path))


class TestAsking:
    """Before anything is made."""

    def test_without_a_target_it_says_what_to_give(self) -> None:
        """What would be billed, where the prices are, and both ways to go on."""
        ended = judge()

        assert ended.returncode == 2
        assert "https://azure.microsoft.com/pricing/details/functions/" in ended.stdout
        assert "TARGET=<file> (see tests/real/target.example.toml), or HOST_ONLY=1" in ended.stdout

    def test_a_file_that_lacks_something_is_told_all_at_once(self) -> None:
        """The example as it comes: three ids, and no way to log in."""
        ended = judge("--target", "tests/real/target.example.toml", ACTIONS_ID_TOKEN_REQUEST_URL="")

        assert ended.returncode == 2
        assert (
            "tests/real/target.example.toml lacks: [login] tenant-id; [login] client-id; [login] subscription-id;"
            " the variable REAL_CLIENT_SECRET, or a GitHub job with `permissions: id-token: write`."
        ) in ended.stdout

    def test_nothing_is_made_before_somebody_has_said_yes(self, sandbox: Sandbox, target: tuple[str, ...]) -> None:
        """It says what it would make, and names the group that an earlier run has left."""
        sandbox.arm.groups.put(GROUP, "westeurope", TAGS)
        sandbox.journal.clear()

        ended = judge(*target, **login_of(sandbox))

        assert ended.returncode == 2, ended.stdout
        assert "an Elastic Premium plan EP1" in ended.stdout
        assert f"Left over by an earlier run: {GROUP} (made by somebody, expires 2027-01-01T00:00Z): az" in ended.stdout
        assert "Nothing was made. To go on, run the same with CONFIRM=yes." in ended.stdout
        assert sandbox.endpoints.client_secret not in ended.stdout
        assert [] == [entry for entry in sandbox.journal.writes() if entry.service == "arm"]

    def test_a_group_that_cannot_be_removed_is_left_to_a_person(
        self, sandbox: Sandbox, target: tuple[str, ...]
    ) -> None:
        """With the command; as soon as it can be removed, it is."""
        sandbox.arm.groups.put(GROUP, "westeurope", TAGS)
        sandbox.faults.add(Fault("DELETE", f"/resourcegroups/{GROUP}", 409, times=1))

        refused, removed = (judge(*target, "--remove", GROUP, **login_of(sandbox)) for _ in range(2))

        assert refused.returncode == 1, refused.stdout
        assert f"Could not remove {GROUP}: 409" in refused.stdout
        assert f"By hand: az group delete --yes --name {GROUP}" in refused.stdout
        assert removed.returncode == 0, removed.stdout
        assert f"Removed {GROUP}." in removed.stdout
        assert not sandbox.arm.groups.exists(GROUP)


@pytest.mark.needs("docker")
@pytest.mark.timeout(1800)
class TestJudging:
    """What the real thing is asked, asked of the sandbox. A mark that is needed no more fails here."""

    @pytest.mark.needs("az")
    def test_a_subscription(self) -> None:
        """Every deployment, slot, key, undo and destroy; by OIDC, as in the workflow. The group goes at the end."""
        ended = judge("--target", "sandbox")

        assert ended.returncode == 0, ended.stdout
        assert "a caller with the old key: 200 (as believed)" in ended.stdout
        assert ended.stdout.count("\nRemoved functions-model-real-") == 1

    @pytest.mark.needs("az")
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_run_that_is_stopped_removes_its_group(self, tmp_path: Path, number: signal.Signals) -> None:
        """Whatever is under way: here, the first deployment."""
        log = tmp_path / "log"
        with log.open("w") as output:
            words = [sys.executable, "-u", "tests/real", "--target", "sandbox", "test_keys.py"]
            # A session of its own, as on a CI host: the signal reaches this process alone.
            running = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
            while "test_az_lists_its_keys" not in log.read_text() and running.poll() is None:
                time.sleep(0.2)
            time.sleep(5)
            running.send_signal(number)
            code = running.wait(120)

        told = log.read_text()
        assert code == 130, told
        assert "By hand it goes with: az group delete --yes --name functions-model-real-" in told
        assert "\nRemoved functions-model-real-" in told
