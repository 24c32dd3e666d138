"""The packaged task `FunctionsModelDeploy@1`, in jobs of Azure Pipelines that deploy to a sandbox.

`python -m support.task_runs` (with `tests` on the path) prints what such a job looks like, as
`make demo CI=azure-pipelines` does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure_sandbox.sandbox import Sandbox
from support.act import write_project
from support.engine import ACTION_IMAGE, CA_BUNDLE
from support.pipelines_job import PipelinesJob, connection_to
from support.tools import ROOT, TOOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.pipelines_job import StepRun

TASK = "FunctionsModelDeploy@1"
SETTING = "a-setting-nobody-sees"
FEDERATED = "WorkloadIdentityFederation"


@dataclass(frozen=True, slots=True)
class Packaged:
    """The task as the extension holds it, in a folder with the sources `self`, and jobs that use it."""

    sandbox: Sandbox
    folder: Path

    def job(self, name: str, scheme: str = FEDERATED, *, docker: bool = False) -> PipelinesJob:
        """A new job on an agent, with Docker or without; the cache of tools is the same for all."""
        sandbox = self.sandbox
        trust = {
            **{one: text for one, text in sandbox.endpoints.environ().items() if not one.startswith("ACTIONS_")},
            **dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self.folder / "certificates.pem")),
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": sandbox.endpoints.imds,
        }
        return PipelinesJob(
            self.folder / name,
            {"azure": connection_to(sandbox, scheme)},
            {"self": self.folder / "self"},
            {
                "Agent.ToolsDirectory": str(self.folder / "tools"),
                "System.AccessToken": sandbox.azure_devops.access_token,
                "System.OidcRequestUri": f"{sandbox.endpoints.resource_manager}{sandbox.azure_devops.path}",
                "apiKey": SETTING,
            },
            {"apiKey"},
            trust,
            {TASK: self.folder / ("with-image" if docker else "without") / "FunctionsModelDeployV1"},
        )

    def steps(self, name: str, **inputs: str) -> list[dict[str, Any]]:
        """A step of the task, and one that reads its outputs."""
        ends = self.sandbox.endpoints.inputs()
        given = {
            "azureSubscription": "azure",
            "modelPath": "project/model",
            "entryScript": "project/src/score.py",
            "environmentFile": "project/requirements.txt",
            "sampleRequest": "project/sample.json",
            "registry": ends["registry"],
            "baseImage": ends["base-image"],
            "pythonVersion": ends["python-version"],
            "location": ends["location"],
            "appName": f"by-task-{name}",
            "resourceGroupName": f"task-{name}",
            "authLevel": "anonymous",
        }
        task = {"task": TASK, "name": "deploy", "inputs": {**given, **inputs}}
        return [
            {"checkout": "self", "path": "s"},
            task,
            {"name": "after", "bash": "echo url=$(deploy.appUrl) $(deploy.digest)"},
        ]


def package_task(sandbox: Sandbox, folder: Path) -> Packaged:
    """The task, packaged with an image and without, and a project to deploy.

    Raises:
        subprocess.CalledProcessError: tfx refused.
    """
    for name, image in (("without", ""), ("with-image", ACTION_IMAGE)):
        package = folder / f"{name}.vsix"
        words: list[str | Path] = [ROOT / "azure-pipelines" / "package", "contoso", image, package]
        subprocess.run(words, capture_output=True, check=True, timeout=120)
        # As the agent unpacks it: no file may be executed.
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder / name)
    (folder / "self").mkdir()
    write_project(folder / "self")
    (folder / "self" / "project" / "src" / "bad.py").write_text("def init():\n    pass\ndef run(\n")
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "certificates.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    return Packaged(sandbox, folder)


def transcript(steps: list[dict[str, Any]], runs: Mapping[str, StepRun]) -> str:
    """What people see of a job: each step's log as the agent keeps it, its issues, output variables and pages."""
    shown = []
    for number, step in enumerate(steps):
        name = step.get("name", f"step{number}")
        if run := runs.get(name):
            what = step.get("task") or f"checkout {step['checkout']}" if "bash" not in step else "bash"
            shown += [f"=== {what} ({name}): {'failed' if run.code else 'succeeded'}", *run.agent.log]
            shown += [f"--- issue ({issue.type}): {issue.message}" for issue in run.agent.issues]
            shown += [f"--- $({name}.{output}) = {_short(text)}" for output, text in run.agent.outputs.items()]
            shown += [f"--- page: {Path(page).name}" for page in run.agent.summaries]
    return "\n".join(shown)


def _short(text: str) -> str:
    first, *more = text.splitlines() or [""]
    return f"{first[:100]}{' ...' if more or len(first) > 100 else ''}"


def main() -> int:
    """A job that deploys, and one whose entry script has a fault; both on a fake agent."""
    if missing := TOOLS["tfx"]():
        sys.stderr.write(f"Could not package the task: {missing}.\n")
        return 1
    with tempfile.TemporaryDirectory() as place, Sandbox(Path(place) / "sandbox") as sandbox:
        (Path(place) / "task").mkdir()
        packaged = package_task(sandbox, Path(place) / "task")
        codes = []
        for name, inputs in {
            "deploys": {"appSettings": '-A one -API_KEY $(apiKey) -LONG "two words"'},
            "has-a-fault": {"entryScript": "project/src/bad.py"},
        }.items():
            steps = packaged.steps(name, **inputs)
            runs = packaged.job(name).run(steps)
            print(f"##### A job that {name.replace('-', ' ')}\n\n{transcript(steps, runs)}\n", flush=True)
            codes.append(runs["deploy"].code)
    return 0 if codes == [0, 1] else 1


if __name__ == "__main__":
    sys.exit(main())
