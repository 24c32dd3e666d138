"""The blocks of `docs/how-to/other-ci.md`, run as a runner of GitLab and a shell would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from functions_model.inputs.sources import COMPILERS
from support.engine import CA_BUNDLE
from support.project import write_echo_project
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

PAGE = ROOT / "docs" / "how-to" / "other-ci.md"
CLONED = "/opt/functions-model-action"
IDS = {"subscription-id", "tenant-id", "client-id"}


def block(language: str) -> str:
    """The page's first block in a language."""
    [text, *_] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(text)


def gitlab_job() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load(block("yaml"))["deploy"]
    return job


def project(folder: Path, sandbox: Sandbox, app: str) -> None:
    """A folder with `inputs.yml`, in which no id stands."""
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(folder), "app-name": app, "resource-group": app}
    (folder / "inputs.yml").write_text(yaml.safe_dump({name: text for name, text in inputs.items() if name not in IDS}))


def identity_token(sandbox: Sandbox) -> str:
    ends = sandbox.endpoints
    headers = {"Authorization": f"Bearer {ends.oidc_request_token}"}
    params = {"audience": gitlab_job()["id_tokens"]["AZURE_ID_TOKEN"]["aud"]}
    answer = requests.get(ends.oidc_request_url, params=params, headers=headers, verify=str(ends.ca_bundle), timeout=30)
    return str(answer.json()["value"])


def run(script: str, folder: Path, sandbox: Sandbox, variables: dict[str, str]) -> str:
    """What a shell says that runs the script with the page's placeholders filled in; the checkout is this one."""
    given = sandbox.endpoints.inputs()
    for name in IDS:
        script = re.sub(rf"<{name.replace('-', ' ')}[^>]*>", given[name], script)
    script = re.sub(r"^git clone .*$", "", script, flags=re.MULTILINE).replace(CLONED, str(ROOT))
    kept = {name: text for name, text in sandbox.endpoints.environ().items() if not name.startswith("ACTIONS_")}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "trust.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    kept |= dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(folder / "trust.pem"))
    environ = {**{name: os.environ[name] for name in ("PATH", "HOME", COMPILERS)}, **kept, **variables}
    done = subprocess.run(shell, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.exhaustive
class TestBlocks:
    def test_a_job_of_gitlab(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The token comes in a variable, and a later job reads where the app is."""
        project(tmp_path, sandbox, "from-gitlab")
        job = gitlab_job()
        given = sandbox.endpoints.inputs()
        own = {"CI_PROJECT_DIR": str(tmp_path), "AZURE_ID_TOKEN": identity_token(sandbox)}
        variables = {**own}
        for name, text in job["variables"].items():
            id_name = name.removeprefix("FUNCTIONS_MODEL_").lower().replace("_", "-")
            variables[name] = given[id_name] if id_name in IDS else text.replace("$CI_PROJECT_DIR", str(tmp_path))

        log = run("\n".join([*job["before_script"], *job["script"]]), tmp_path, sandbox, variables)

        outputs = dict(
            line.split("=", 1) for line in (tmp_path / job["artifacts"]["reports"]["dotenv"]).read_text().split()
        )
        assert outputs["DEPLOY_APP_URL"].startswith("https://")
        assert outputs["DEPLOY_IMAGE"].endswith(outputs["DEPLOY_DIGEST"])
        assert own["AZURE_ID_TOKEN"] not in log

    def test_a_plain_shell(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The file of outputs is one that a shell reads."""
        project(tmp_path, sandbox, "from-a-shell")
        (tmp_path / "token").write_text(identity_token(sandbox))
        script = block("sh").replace("/path/to/the/token", str(tmp_path / "token"))
        script = re.sub(r"^(tool=).*$", rf"\1{ROOT}", script, flags=re.MULTILINE).replace('rm -rf "$tool"', "")

        log = run(script, tmp_path, sandbox, {})

        assert re.search(r"^Live at https://\S+$", log, re.MULTILINE)


class TestSchema:
    """What GitLab itself would say of the file."""

    @pytest.mark.parametrize(("right", "wrong"), [("", ""), ("id_tokens:", "id_token:"), ("aud:", "audience:")])
    def test_is_held_to_gitlabs(self, tmp_path: Path, right: str, wrong: str) -> None:
        """And would be refused with a mistake."""
        file = tmp_path / ".gitlab-ci.yml"
        file.write_text(block("yaml").replace(right, wrong) if right else block("yaml"))
        checks = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
        options = ["--data-transform", "gitlab-ci", "--regex-variant", "python"]
        done = subprocess.run([*checks, *options, file], capture_output=True, text=True, check=False, timeout=60)

        assert (done.returncode == 0) == (not right), done.stdout
