"""Ways to prove who we are besides the CI host's token and a secret: a token file, the machine itself, a session of az.

`plan-destroy` of nothing is the shortest run that asks Resource Manager anything.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.arm.authorization.definitions import OWNER
from support.az import new_az
from support.console import command, console_environ
from support.deployment import run_action
from support.tools import AZ

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

OURS = ("tenant-id", "client-id")


def given(sandbox: Sandbox, *without: str, **more: str) -> dict[str, str]:
    """The inputs of a removal of nothing."""
    inputs = {**sandbox.endpoints.inputs(), "mode": "plan-destroy", "app-name": "nobody", "resource-group": "nowhere"}
    return {**{name: text for name, text in inputs.items() if name not in without}, **more}


def environ_of(sandbox: Sandbox) -> dict[str, str]:
    """What a job has, but for its own identity."""
    return {name: text for name, text in sandbox.endpoints.environ().items() if not name.startswith("ACTIONS_")}


def identity_token(sandbox: Sandbox) -> str:
    """One that the sandbox's Entra takes for its service principal."""
    ends = sandbox.endpoints
    headers = {"Authorization": f"Bearer {ends.oidc_request_token}"}
    params = {"audience": "api://AzureADTokenExchange"}
    answer = requests.get(ends.oidc_request_url, params=params, headers=headers, verify=str(ends.ca_bundle), timeout=30)
    return str(answer.json()["value"])


class TestTokenFile:
    """`AZURE_FEDERATED_TOKEN_FILE`: workload identity, in any CI."""

    def test_logs_in_as_whom_it_is_for(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Neither id need be an input, and the token is shown nowhere."""
        token = identity_token(sandbox)
        (tmp_path / "token").write_text(f"{token}\n")
        environ = {
            **environ_of(sandbox),
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
            "AZURE_CLIENT_ID": sandbox.endpoints.client_id,
            "AZURE_TENANT_ID": sandbox.endpoints.tenant_id,
        }

        run = run_action(tmp_path, given(sandbox, *OURS), environ)

        assert 0 == run.code, run.log
        assert f"as {sandbox.endpoints.client_id} by the identity token in AZURE_FEDERATED_TOKEN_FILE." in run.log
        assert token not in run.shown

    def test_that_is_not_there(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The variable and the file are named."""
        environ = {**environ_of(sandbox), "AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"}

        run = run_action(tmp_path, given(sandbox), environ)

        assert 4 == run.code, run.log
        assert "the identity token of `AZURE_FEDERATED_TOKEN_FILE` cannot be read: `/nowhere/token`: No such" in run.log


class TestManagedIdentity:
    """`login: managed-identity`: a runner on a machine of Azure."""

    @pytest.fixture
    def environ(self, sandbox: Sandbox) -> dict[str, str]:
        """Of a machine whose metadata service answers; nobody has asked it."""
        sandbox.journal.clear()
        return {**environ_of(sandbox), "AZURE_POD_IDENTITY_AUTHORITY_HOST": sandbox.endpoints.imds}

    def test_logs_in_as_the_machine(self, sandbox: Sandbox, tmp_path: Path, environ: dict[str, str]) -> None:
        """Its own identity, without any id."""
        run = run_action(tmp_path, given(sandbox, *OURS, login="managed-identity"), environ)

        assert 0 == run.code, run.log
        assert "by this machine's managed identity." in run.log
        assert sandbox.journal.entries("imds")

    def test_logs_in_as_a_user_assigned_one(self, sandbox: Sandbox, tmp_path: Path, environ: dict[str, str]) -> None:
        """`client-id` names it."""
        assigned = sandbox.directory.add_managed_identity("assigned", "/identities/assigned")
        sandbox.roles.grant(assigned.object_id, OWNER, f"/subscriptions/{sandbox.subscription_id}")
        sandbox.imds.assigned = (assigned,)
        inputs = {**given(sandbox, "tenant-id", login="managed-identity"), "client-id": assigned.client_id}

        run = run_action(tmp_path, inputs, environ)

        sandbox.imds.assigned = ()
        assert 0 == run.code, run.log
        assert f"as {assigned.client_id} by this machine's managed identity." in run.log

    def test_that_the_machine_does_not_have(self, sandbox: Sandbox, tmp_path: Path, environ: dict[str, str]) -> None:
        """Exit 4, and what to do."""
        run = run_action(tmp_path, given(sandbox, "tenant-id", login="managed-identity"), environ)

        assert 4 == run.code, run.log
        assert "this machine has no such managed identity" in run.errors[0]

    def test_is_never_asked_for_by_itself(self, sandbox: Sandbox, tmp_path: Path, environ: dict[str, str]) -> None:
        """Who shares a runner with others would deploy as whoever the machine is."""
        run = run_action(tmp_path, given(sandbox), environ)

        assert (4, []) == (run.code, sandbox.journal.entries("imds")), run.log
        assert "this job has no identity token" in run.log


class TestAz:
    """The session of `az login`, on the command line."""

    def run(self, sandbox: Sandbox, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """A removal of nothing, typed by a person."""
        inputs = given(sandbox, *OURS, "mode", "registry", "base-image", "python-version", "location")
        words = [word for name, text in inputs.items() for word in (f"--{name}", text)]
        return subprocess.run(
            command("plan-destroy", *words), env=environ, capture_output=True, text=True, check=False, timeout=120
        )

    @pytest.mark.needs("az")
    def test_is_taken_when_nothing_else_is_given(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The first thing that somebody at a desk tries."""
        az = new_az(tmp_path / "az", sandbox.endpoints)
        az.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
        kept = {name: text for name, text in az.environ.items() if not name.startswith(("ACTIONS_", "GITHUB_"))}

        run = self.run(sandbox, {**kept, **console_environ(), **kept, "PATH": f"{AZ.parent}:{kept['PATH']}"})

        assert 0 == run.returncode, run.stdout
        assert "by the session of `az login`." in run.stdout

    def test_that_is_not_there(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """It is told what was looked for, and what to do at a desk."""
        environ = {**console_environ(), **environ_of(sandbox), "PATH": str(tmp_path), "HOME": str(tmp_path)}

        run = self.run(sandbox, environ)

        assert 4 == run.returncode, run.stdout
        told = "no `client-secret`, no job's identity token, no `AZURE_FEDERATED_TOKEN_FILE` and no session of `az`"
        assert told in run.stdout
        assert "Install the Azure CLI and run `az login`" in run.stdout
