"""A whole deployment by the container action in a workflow, against the sandbox: from `uses: ./` to a live answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.act import WorkflowRun, run_workflow, write_project, write_repository
from support.engine import CA_BUNDLE, ensure_images

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "act", "mmdebstrap"), pytest.mark.exhaustive]

SETTING = "a-setting-that-nobody-sees"
CERTIFICATES = "${{ github.workspace }}/certificates.pem"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the workflow was, and what came of it."""

    inputs: dict[str, str]
    run: WorkflowRun


@pytest.fixture(scope="module")
def deployment(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """One run of a workflow that deploys and then uses the outputs."""
    ensure_images()
    folder = tmp_path_factory.mktemp("deployment")
    inputs = {
        **sandbox.endpoints.inputs(),
        **write_project(folder),
        "app-name": "from-a-workflow",
        "resource-group": "from-a-workflow-group",
        "auth-level": "anonymous",
        "app-settings": f"GREETING={SETTING}",
    }
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "certificates.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    write_repository(folder, _steps(inputs))
    return Deployment(inputs, run_workflow(folder, _without_files(sandbox.endpoints.environ())))


def _steps(inputs: dict[str, str]) -> list[dict[str, Any]]:
    outputs = ("image", "scoring-url", "changed")
    return [
        {
            "id": "model",
            "uses": "./",
            "with": inputs,
            # For requests and the Azure clients, and for uv: both the machine's authorities and the sandbox's.
            "env": {"REQUESTS_CA_BUNDLE": CERTIFICATES, "SSL_CERT_FILE": CERTIFICATES},
        },
        {
            "id": "after",
            "run": "\n".join(f'echo "{name}: ${{{{ steps.model.outputs.{name} }}}}"' for name in outputs),
        },
    ]


def _without_files(environ: dict[str, str]) -> dict[str, str]:
    """Files of this machine are not in the container; the step names its own."""
    return {name: value for name, value in environ.items() if not Path(value).is_absolute()}


class TestDeployment:
    """The step, from outside."""

    def test_succeeds(self, deployment: Deployment) -> None:
        """The step is green, and so is the job."""
        assert ("success", 0) == (deployment.run.result("model"), deployment.run.code), deployment.run.log

    def test_outputs_reach_a_later_step(self, deployment: Deployment, sandbox: Sandbox) -> None:
        """A later step reads the image, pinned by digest, and the URL to call."""
        outputs = deployment.run.outputs("model")

        assert [
            f"image: {sandbox.endpoints.registry}/package@{outputs['digest']}",
            f"scoring-url: {outputs['app-url']}/api/score",
            "changed: true",
        ] == deployment.run.printed("after")

    def test_live(self, deployment: Deployment, sandbox: Sandbox) -> None:
        """The URL that the step gave answers with the model's own answer."""
        url = deployment.run.outputs("model")["scoring-url"]

        answer = requests.post(url, json={"x": 2}, verify=str(sandbox.endpoints.ca_bundle), timeout=60)

        assert {"model": "first", "got": {"x": 2}} == answer.json()

    def test_summary(self, deployment: Deployment) -> None:
        """The step's page names the image, by the beginning of its digest, and how to call the function."""
        summary = deployment.run.summary("model")
        outputs = deployment.run.outputs("model")

        named = [outputs["digest"].removeprefix("sha256:")[:12], outputs["scoring-url"]]
        assert [] == [one for one in named if one not in summary]

    def test_secrets(self, deployment: Deployment) -> None:
        """Neither a setting's value nor a token is in the log, the outputs or the summary."""
        shown = deployment.run.log + deployment.run.summary("model") + str(deployment.run.outputs("model"))

        assert [] == [secret for secret in (SETTING, "eyJ") if secret in shown]
