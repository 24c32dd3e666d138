"""`azure-pipelines/deploy.yml` in a job of Azure Pipelines, through the door without Docker, to the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.documents import TEMPLATE
from support.leaks import leaks
from support.pipeline_templates import expand_steps
from support.pipelines_job import StepRun
from support.pipelines_organization import FEDERATED, MANAGED, SECRET, Organization, new_organization
from support.tools import ROOT

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

STEP = "functionsModel"
SETTING = "a-setting-nobody-sees"


def steps_of(organization: Organization, **parameters: str) -> list[dict[str, Any]]:
    """A step of the template, and one that reads its outputs."""
    inputs = organization.sandbox.endpoints.inputs()
    given = {"modelPath": "project/model", "entryScript": "project/src/score.py", "location": "$(region)"}
    project = {"environmentFile": "project/requirements.txt", "sampleRequest": "project/sample.json"}
    names = {"registry": "registry", "baseImage": "base-image", "pythonVersion": "python-version"}
    sandbox = {name: inputs[text] for name, text in names.items()}
    where = {"serviceConnection": "azure", "appName": "from-a-template", "resourceGroup": "template-group"}
    all_of_them = {**given, **project, **sandbox, **where, "authLevel": "anonymous", **parameters}
    pipeline = [
        {"template": "azure-pipelines/deploy.yml@functionsModel", "parameters": all_of_them},
        {"name": "after", "bash": f"echo url=$({STEP}.appUrl) $({STEP}.digest); env | grep -c {SETTING} || true"},
    ]
    return expand_steps(pipeline, lambda path, _: (ROOT / path).read_text())


@pytest.fixture(scope="module")
def organization(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Organization:
    region = sandbox.endpoints.inputs()["location"]
    variables = {"apiKey": SETTING, "settings": "A=one\nAPI_KEY=$(apiKey)", "region": region}
    return new_organization(sandbox, tmp_path_factory.mktemp("pipeline"), variables, "apiKey")


def shown(run: StepRun) -> list[str]:
    """What must not be seen, of a log as people see it, its outputs and its pages."""
    return leaks("\n".join([run.log, *run.agent.outputs.values()]).encode(), run.agent.secrets)


@pytest.mark.exhaustive
@pytest.mark.needs("mmdebstrap")
class TestTemplate:
    """The step that the template makes."""

    def test_deploys_by_a_service_connection(self, organization: Organization) -> None:
        """The connection's name is all that it knows of Azure; a following step has the outputs of a live app."""
        sandbox = organization.sandbox
        sandbox.journal.clear()

        runs = organization.job(FEDERATED).run(steps_of(organization, appSettingsVariable="settings"))

        run = runs[STEP]
        assert 0 == run.code, run.raw
        outputs = run.agent.outputs
        assert [f"url={outputs['appUrl']} {outputs['digest']}", "0"] == runs["after"].raw.splitlines()
        answer = requests.post(
            outputs["scoringUrl"], json={"x": 2}, verify=str(sandbox.endpoints.ca_bundle), timeout=60
        )
        assert {"model": "first", "got": {"x": 2}} == answer.json()
        assert [] == shown(run)
        # One token is the task's own; the product asks for a fresh one with each of its logins.
        asked = [entry.status for entry in sandbox.journal.entries("azure-devops")]
        assert len(asked) > 1
        assert {200} == set(asked)
        assert f"as {sandbox.endpoints.client_id} by the job's identity token" in run.log

    def test_by_one_with_a_secret(self, organization: Organization) -> None:
        """Nobody has to say which it is, and the secret is shown nowhere."""
        job = organization.job(SECRET, SECRET)

        run = job.run(steps_of(organization, mode="plan"))[STEP]

        assert 0 == run.code, run.raw
        assert f"as {organization.sandbox.endpoints.client_id} by a client secret" in run.log
        assert [] == shown(run)
        assert organization.sandbox.endpoints.client_secret not in run.log

    def test_by_a_machines_own_identity(self, organization: Organization) -> None:
        """The agent's machine knows who it is; the connection names the subscription."""
        job = organization.job(MANAGED, MANAGED)
        job.trust["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = organization.sandbox.endpoints.imds

        run = job.run(steps_of(organization, mode="plan"))[STEP]

        assert 0 == run.code, run.raw
        assert "by this machine's managed identity" in run.log
        asked = organization.sandbox.journal.entries("imds")
        assert asked
        assert not [entry for entry in asked if "client_id" in entry.path]

    def test_tells_a_fault_on_the_users_own_line(self, organization: Organization) -> None:
        """As an issue of the run, with the file's path."""
        (organization.folder / "self" / "project" / "src" / "bad.py").write_text("def init():\n    pass\ndef run(\n")

        run = organization.job(FEDERATED).run(steps_of(organization, entryScript="project/src/bad.py"))[STEP]

        assert 3 == run.code, run.raw
        assert [("project/src/bad.py", "3")] == [(issue.path, issue.line) for issue in run.agent.kept("error")]


class TestDocuments:
    """What people copy."""

    def test_the_template_is_where_it_is_said_to_be(self) -> None:
        """Its path is part of every pipeline that uses it."""
        assert "azure-pipelines/deploy.yml" == TEMPLATE.relative_to(ROOT).as_posix()
