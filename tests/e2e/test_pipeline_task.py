"""The packaged task `FunctionsModelDeploy@1` in a job of Azure Pipelines, started by plain `node`, to the sandbox."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from support.engine import ACTION_IMAGE, ensure_images
from support.leaks import leaks
from support.task_runs import SETTING, Packaged, package_task, transcript
from support.tools import ROOT

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.pipelines_job import StepRun

pytestmark = pytest.mark.exhaustive

SECRET, MANAGED = "ServicePrincipal", "ManagedServiceIdentity"


@pytest.fixture(scope="module")
def packaged(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return package_task(sandbox, tmp_path_factory.mktemp("task"))


def files(packaged: Packaged) -> dict[str, Path]:
    """What the package with an image holds, by path."""
    root = packaged.folder / "with-image"
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def shown(run: StepRun) -> list[str]:
    """What must not be seen, of a log as people see it, and of its outputs."""
    return leaks("\n".join([run.log, *run.agent.outputs.values()]).encode(), run.agent.secrets)


@pytest.mark.needs("tfx")
class TestPackage:
    """`azure-pipelines/package`."""

    def test_holds_the_task_and_the_tool(self, packaged: Packaged) -> None:
        """And nothing that only this repository needs; a release names the image by digest."""
        task = "FunctionsModelDeployV1"
        tool = f"{task}/tool"
        expected = {f"{task}/{name}" for name in ("task.json", "index.js", "names.json", "icon.png", "image.txt")}
        expected |= {f"{tool}/native/run", f"{tool}/requirements/runtime.lock", f"{tool}/requirements/find-python"}
        expected |= {"overview.md", "icon.png", "extension.vsixmanifest", f"{tool}/src/functions_model/__main__.py"}

        assert set() == expected - files(packaged).keys()
        assert [] == [name for name in files(packaged) if "node_modules" in name or "__pycache__" in name]
        assert f"{ACTION_IMAGE}\n" == files(packaged)[f"{task}/image.txt"].read_text()
        assert not (packaged.folder / "without" / task / "image.txt").exists()

    def test_names_publisher_and_version(self, packaged: Packaged) -> None:
        """The publisher is the release's to say, the version the project's."""
        manifest = files(packaged)["extension.vsixmanifest"].read_text()

        assert 'Publisher="contoso"' in manifest
        assert 'Version="1.0.0"' in manifest


@pytest.mark.needs("tfx", "mmdebstrap")
class TestOnTheAgent:
    """The package names no image: the tool is installed on the agent."""

    def test_deploys_and_hands_its_outputs_on(self, packaged: Packaged) -> None:
        """By a federated connection; settings as Microsoft's task takes them, one of them secret."""
        sandbox = packaged.sandbox
        sandbox.journal.clear()
        settings = '-A one -API_KEY $(apiKey) -LONG "two words"'

        steps = packaged.steps("oidc", appSettings=settings)
        runs = packaged.job("federated").run(steps)

        run = runs["deploy"]
        assert 0 == run.code, run.raw
        outputs = run.agent.outputs
        assert [f"url={outputs['appUrl']} {outputs['digest']}"] == runs["after"].raw.splitlines()
        answer = requests.post(
            outputs["scoringUrl"], json={"x": 2}, verify=str(sandbox.endpoints.ca_bundle), timeout=60
        )
        assert {"model": "first", "got": {"x": 2}} == answer.json()
        assert {200} == {entry.status for entry in sandbox.journal.entries("azure-devops")}
        assert [] == shown(run)
        assert f"--- $(deploy.digest) = {outputs['digest']}" in transcript(steps, runs).splitlines()

    @pytest.mark.needs("node24")
    @pytest.mark.parametrize(
        ("scheme", "node", "told"),
        [
            (SECRET, "Node20_1", "by a client secret"),
            (MANAGED, "Node24", "by this machine's managed identity"),
        ],
    )
    def test_plans_by_other_connections(self, packaged: Packaged, scheme: str, node: str, told: str) -> None:
        """With a secret, which is shown nowhere, and managed; on an agent whose newest Node.js is another."""
        job = packaged.job(scheme, scheme)
        job.node = node

        run = job.run(packaged.steps("plans", mode="plan"))["deploy"]

        assert 0 == run.code, run.raw
        assert told in run.log
        assert "true" == run.agent.outputs["hasChanges"]
        assert [] == shown(run)
        assert packaged.sandbox.endpoints.client_secret not in run.log

    def test_a_failure_is_an_issue_on_the_users_line(self, packaged: Packaged) -> None:
        """And the task fails, though `node` ends well."""
        run = packaged.job("failure").run(packaged.steps("bad", entryScript="project/src/bad.py"))["deploy"]

        assert (1, ["Failed"]) == (run.code, run.agent.results), run.raw
        assert [("project/src/bad.py", "3")] == [(issue.path, issue.line) for issue in run.agent.kept("error")]

    def test_a_cancel_in_the_middle_ends_it(self, packaged: Packaged) -> None:
        """Within the agent's seconds; what was made is told."""
        job = packaged.job("cancelled")
        job.cancel_at = "##[group]Verify"

        run = job.run(packaged.steps("cancelled"))["deploy"]

        assert 1 == run.code, run.raw
        assert "The tool ended with exit code 130." in run.raw
        [issue] = run.agent.kept("error")
        assert issue.message.startswith("Could not finish: the run was stopped. Written: the resource group")


@pytest.mark.needs("tfx", "mmdebstrap")
def test_the_demo_shows_a_job_that_deploys_and_one_that_fails() -> None:
    """`make demo CI=azure-pipelines`: the log as people see it, outputs, an issue on the user's own line."""
    words = ["make", "--no-print-directory", "demo", "CI=azure-pipelines"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "=== FunctionsModelDeploy@1 (deploy): succeeded\n" in done.stdout
    assert "\n--- $(deploy.state) = live\n" in done.stdout
    assert "\n--- issue (error): project/src/bad.py(3,1): error : " in done.stdout
    assert SETTING not in done.stdout


@pytest.mark.needs("tfx", "docker", "mmdebstrap")
class TestInTheImage:
    """With Docker: the action's image."""

    def test_deploys_without_an_installation(self, packaged: Packaged) -> None:
        """Outputs and the page are there for the agent, and everything that was written belongs to its user."""
        ensure_images()
        job = packaged.job("docker", docker=True)
        job.variables["Agent.ToolsDirectory"] = str(packaged.folder / "no-tools")

        runs = job.run(packaged.steps("image", appSettings="KEY=$(apiKey)"))

        run = runs["deploy"]
        assert 0 == run.code, run.raw
        assert [f"url={run.agent.outputs['appUrl']} {run.agent.outputs['digest']}"] == runs["after"].raw.splitlines()
        assert not (packaged.folder / "no-tools").exists()
        assert [] == shown(run)
        pages = [job.folder / page for page in run.agent.summaries]
        assert [True] == ["Function app" in page.name and page.is_file() for page in pages]
