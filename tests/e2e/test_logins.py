"""Ways to prove who we are besides the CI host's token and a secret: a token file, the machine itself, a session of az.

`plan-destroy` of nothing is the shortest run that asks Resource Manager anything.
"""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from support.az import new_az
from support.console import command, console_environ
from support.deployment import run_action
from support.tools import AZ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

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


@contextmanager
def imds(sandbox: Sandbox) -> Iterator[tuple[str, list[str]]]:
    """A machine's metadata service, whose identity is the sandbox's service principal; its address, and who asked."""
    ends, asked = sandbox.endpoints, list[str]()

    class Service(BaseHTTPRequestHandler):
        """https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token."""

        def do_GET(self) -> None:
            asked.append(self.path)
            resource = parse_qs(urlsplit(self.path).query)["resource"][0]
            form = {
                "grant_type": "client_credentials",
                "client_id": ends.client_id,
                "client_secret": ends.client_secret,
                "scope": f"{resource}/.default",
            }
            url = f"{ends.authority}/{ends.tenant_id}/oauth2/v2.0/token"
            token = requests.post(url, data=form, verify=str(ends.ca_bundle), timeout=30).json()
            body = json.dumps({**token, "expires_on": "9999999999", "resource": resource}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


class TestManagedIdentity:
    """`login: managed-identity`: a runner on a machine of Azure."""

    def test_logs_in_as_the_machine(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """With `client-id` as a user-assigned one."""
        with imds(sandbox) as (address, asked):
            environ = {**environ_of(sandbox), "AZURE_POD_IDENTITY_AUTHORITY_HOST": address}
            run = run_action(tmp_path, given(sandbox, "tenant-id", login="managed-identity"), environ)

        assert 0 == run.code, run.log
        assert f"as {sandbox.endpoints.client_id} by this machine's managed identity." in run.log
        assert any(f"client_id={sandbox.endpoints.client_id}" in path for path in asked)

    def test_is_never_asked_for_by_itself(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Who shares a runner with others would deploy as whoever the machine is."""
        with imds(sandbox) as (address, asked):
            environ = {**environ_of(sandbox), "AZURE_POD_IDENTITY_AUTHORITY_HOST": address}
            run = run_action(tmp_path, given(sandbox), environ)

        assert (4, []) == (run.code, asked), run.log
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

    @pytest.mark.exhaustive
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
