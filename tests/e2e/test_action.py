"""The container action as a workflow runs it: image from the Dockerfile, inputs from `with`, outputs for later steps."""

from __future__ import annotations

import docker
import pytest

from support.act import WorkflowRun, run_workflow, write_repository
from support.engine import IMAGES, ensure_image
from support.project import write_echo_project

pytestmark = pytest.mark.needs("docker", "act", "mmdebstrap")


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    """The images that the runner and the Dockerfile start from."""
    client = docker.from_env(timeout=600)
    for recipe in IMAGES:
        ensure_image(recipe, client)
    client.close()


def _project(repository: Path, **choices: str) -> dict[str, str]:
    """A project in a folder of the repository, and the inputs that describe it from the repository's root."""
    inputs = write_echo_project(repository / "project", **choices)
    return {name: f"project/{value}" if name != "trigger" else value for name, value in inputs.items()}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> WorkflowRun:
    """A step with four faults: two in names with hyphens, a missing file, and a script without `run`."""
    folder = tmp_path_factory.mktemp("refused")
    inputs = _project(folder, script="def init():\n    pass\n")
    inputs |= {"mode": "package", "registry": "contoso.azurecr.io", "model-version": "none", "environment-file": "no.txt"}
    secret = {"client-secret": "${{ secrets.CLIENT_SECRET }}"}
    write_repository(folder, [{"id": "model", "uses": "./", "with": {**inputs, **secret}}])
    return run_workflow(folder, {}, {"CLIENT_SECRET": "hunter2-hunter2"})


class TestRefusal:
    """Wrong inputs, as a user meets them first."""

    def test_step_fails(self, refused: WorkflowRun) -> None:
        """The step fails with the exit code of wrong inputs."""
        assert ("failure", 2) == (refused.result("model"), refused.exit_code("model")), refused.log

    def test_every_problem(self, refused: WorkflowRun) -> None:
        """Each problem is an annotation that names its input, hyphen and all."""
        messages = [annotation["message"] for annotation in refused.annotations("model")]

        named = {message.partition(":")[0] for message in messages}
        assert {"model-version", "environment-file"} <= named, refused.log

    def test_no_outputs(self, refused: WorkflowRun) -> None:
        """A run that made nothing has no image to hand on."""
        assert {} == {name: value for name, value in refused.outputs("model").items() if value}

    def test_secret(self, refused: WorkflowRun) -> None:
        """The secret is nowhere in what the step printed."""
        assert "hunter2" not in refused.log
