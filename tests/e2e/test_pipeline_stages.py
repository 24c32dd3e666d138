"""`docs/how-to/azure-pipelines-stages.md`: the page's own pipeline, stage by stage, to the sandbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from support.pipeline_templates import expand_steps, read_yaml
from support.pipelines_documents import STEP
from support.pipelines_organization import new_organization
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.pipelines_job import StepRun

PAGE = ROOT / "docs" / "how-to" / "azure-pipelines-stages.md"
OUTPUT = re.compile(r"\$\[ stageDependencies\.(\w+)\.(\w+)\.outputs\['([\w.]+)'\] \]")
PROJECT = {"modelPath": "project/model", "entryScript": "project/src/score.py"}
PROJECT["environmentFile"] = "project/requirements.txt"


def documents() -> tuple[dict[str, Any], dict[str, str]]:
    """The pipeline and `production.yml`, as the page has them."""
    pipeline, production = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return read_yaml(pipeline), yaml.safe_load(production)


def jobs(pipeline: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Stage, job and its definition, in order."""
    for stage in pipeline["stages"]:
        for job in stage["jobs"]:
            yield stage["stage"], job.get("job") or job["deployment"], job


def steps_of(job: Mapping[str, Any], sandbox: Mapping[str, str]) -> list[dict[str, Any]]:
    """Of a job or of a deployment, with this project and this sandbox in the place of what the page has for names."""
    steps = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    calls = [step["parameters"] for step in steps if "template" in step]
    for given in calls:
        given["serviceConnection"] = "azure"
        if "modelPath" in given:
            names = {"registry": "registry", "baseImage": "base-image", "pythonVersion": "python-version"}
            given |= {**PROJECT, **{name: sandbox[text] for name, text in names.items()}}
    return expand_steps(steps, lambda path, _: (ROOT / path).read_text())


@pytest.fixture(scope="module")
def runs(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, StepRun]]:
    """Each stage's steps, by its name. Every job is a machine of its own."""
    folder: Path = tmp_path_factory.mktemp("stages")
    organization = new_organization(sandbox, folder)
    inputs = sandbox.endpoints.inputs()
    document, production = documents()
    own = {name: inputs[name] for name in ("registry", "location")}
    sample = {"sample-request": "project/sample.json"}
    (folder / "self" / "production.yml").write_text(yaml.safe_dump({**production, **own, **sample}))
    found: dict[str, dict[str, StepRun]] = {}
    outputs: dict[tuple[str, str], dict[str, str]] = {}
    for stage, name, job in jobs(document):
        machine = organization.job(stage)
        for variable, text in job.get("variables", {}).items():
            of_stage, of_job, output = OUTPUT.fullmatch(text).groups()  # type: ignore[union-attr]
            machine.variables[variable] = outputs[of_stage, of_job][output]
        found[stage] = machine.run(steps_of(job, inputs))
        outputs[stage, name] = dict(machine.variables)
    return found


@pytest.mark.exhaustive
@pytest.mark.needs("mmdebstrap")
class TestStages:
    """Build, plan, production."""

    def test_every_stage_is_green(self, runs: dict[str, dict[str, StepRun]]) -> None:
        """To the last step."""
        steps = {f"{stage}/{name}": run for stage, each in runs.items() for name, run in each.items()}

        assert [] == [f"{name}: {run.raw}" for name, run in steps.items() if run.code]
        assert ["build", "plan", "production"] == list(runs)

    def test_the_plan_is_kept_with_the_run(self, runs: dict[str, dict[str, StepRun]]) -> None:
        """For those who approve; it changes nothing."""
        [artifact] = [run.published for run in runs["plan"].values() if run.published]

        assert {"plan.json", "plan.md"} <= artifact.keys()
        assert "true" == runs["plan"][STEP].agent.outputs["hasChanges"]

    def test_production_runs_the_bytes_of_the_first_stage(
        self, runs: dict[str, dict[str, StepRun]], sandbox: Sandbox
    ) -> None:
        """By digest, and it answers."""
        built, live = (runs[stage][STEP].agent.outputs for stage in ("build", "production"))
        identity = f"{live['appUrl']}/api/identity"
        answer = requests.get(identity, verify=str(sandbox.endpoints.ca_bundle), timeout=60)

        assert built["digest"] == live["digest"]
        assert 200 == answer.status_code
