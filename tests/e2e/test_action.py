"""The container action as a workflow runs it: its image from the Dockerfile, its inputs from `with`."""

from __future__ import annotations

import pytest

from support.act import WorkflowRun, run_workflow, write_project, write_repository
from support.engine import ensure_images

pytestmark = [pytest.mark.needs("docker", "act", "mmdebstrap"), pytest.mark.exhaustive]


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    """The images that the runner and the Dockerfile start from."""
    ensure_images()


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> WorkflowRun:
    """A step with four faults: two in names with hyphens, a missing file, and a script without `run`."""
    folder = tmp_path_factory.mktemp("refused")
    inputs = write_project(folder, script="def init():\n    pass\n")
    inputs |= {
        "mode": "package",
        "registry": "contoso.azurecr.io",
        "model-version": "none",
        "environment-file": "no.txt",
    }
    # A module of the workspace with the name of one of ours: it would end the run at once if it were imported.
    (folder / "project" / "yaml.py").write_text("raise SystemExit('imported from the workspace')\n")
    step = {
        "id": "model",
        "uses": "./",
        "with": {**inputs, "client-secret": "${{ secrets.CLIENT_SECRET }}"},
        "env": {"PYTHONPATH": "${{ github.workspace }}/project"},
    }
    write_repository(folder, [step])
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

    def test_isolated(self, refused: WorkflowRun) -> None:
        """Nothing in the workspace is imported, even when PYTHONPATH points there."""
        assert "imported from the workspace" not in refused.log

    def test_no_outputs(self, refused: WorkflowRun) -> None:
        """A run that made nothing has no image to hand on."""
        assert {} == {name: value for name, value in refused.outputs("model").items() if value}

    def test_secret(self, refused: WorkflowRun) -> None:
        """The secret is nowhere in what the step printed."""
        assert "hunter2" not in refused.log
