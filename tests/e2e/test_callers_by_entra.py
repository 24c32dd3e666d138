"""Callers who log in first: the commands of the page, typed into `az`, and what deployments make of such an app."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from support.az import Az, new_az
from support.deployer import Deployer
from support.live_sites import site_of
from support.tools import AZ, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("az"), pytest.mark.exhaustive]

TURN_ON, LET_THROUGH = re.findall(
    r"^```sh\n(.*?)^```", (ROOT / "docs/how-to/callers-by-entra.md").read_text(), re.DOTALL | re.MULTILINE
)
AUDIENCE = "0d9c7f1e-0000-4000-8000-00000000cafe"


@pytest.fixture(scope="module")
def az(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Az:
    one = new_az(tmp_path_factory.mktemp("az"), sandbox.endpoints)
    one.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
    return one


def typed(az: Az, commands: str, folder: Path, deployer: Deployer) -> None:
    """The commands of the page, with the names of this app."""
    for theirs, ours in {"churn-scorer": deployer.app, "group churn": f"group {deployer.group}"}.items():
        commands = commands.replace(theirs, ours)
    environ = {
        **az.environ,
        "APP_ID": AUDIENCE,
        "TENANT_ID": "contoso",
        "CALLER_ID": deployer.sandbox.endpoints.client_id,
    }
    environ["PATH"] = f"{AZ.parent}:{environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", commands], env=environ, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_pages_commands_and_what_comes_of_them(sandbox: Sandbox, az: Az, tmp_path: Path) -> None:
    """Unproven while all is shut, live with what the message adds; callers come with a token, and without a key."""
    deployer = Deployer(sandbox, tmp_path / "project", "echo-entra")
    anybody = {"auth_level": "anonymous"}
    first = deployer.run(**anybody)
    typed(az, re.sub(r",\s*\"excludedPaths\": \[.*\]", "", TURN_ON), tmp_path, deployer)
    shut = deployer.run(**anybody)
    typed(az, LET_THROUGH, tmp_path, deployer)
    opened = deployer.run(**anybody)

    assert [0, 0, 0] == [run.code for run in (first, shut, opened)], shut.log
    assert ["live", "unproven", "live"] == [run.outputs["state"] for run in (first, shut, opened)], opened.log
    assert LET_THROUGH.split("/config")[1].strip() in shut.log
    assert '"model": "first"' in opened.summary
    site = site_of(sandbox, deployer.group, deployer.app)
    assert ["/api/identity", "/api/check"] == site.authentication["globalValidation"]["excludedPaths"]
    token = sandbox.directory.issue_token(sandbox.endpoints.client_id, AUDIENCE)
    assert [401, 200] == [_status(sandbox, first.outputs["scoring-url"], one) for one in ("", f"Bearer {token}")]


def _status(sandbox: Sandbox, url: str, authorization: str) -> int:
    headers = {"authorization": authorization} if authorization else {}
    trust = str(sandbox.endpoints.ca_bundle)
    return requests.post(url, json={"x": 1}, headers=headers, verify=trust, timeout=30).status_code
