"""Built once, deployed many times: an image of one stage goes by its digest to the next, and back to the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.promoting import Stage

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run


@pytest.fixture(scope="module")
def staging(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """What builds, in the sandbox's first subscription."""
    return Deployer(sandbox, tmp_path_factory.mktemp("staging"), "promoted")


@pytest.fixture(scope="module")
def packaged(staging: Deployer) -> Run:
    """An image in the registry of staging."""
    run = staging.run(mode="package", image_name="promoted/echo")
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def production(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Another subscription, with a registry of its own."""
    return Stage(sandbox, tmp_path_factory.mktemp("production"), "production")


class TestPromotion:
    """From staging to production."""

    def test_production_runs_the_same_bytes(self, sandbox: Sandbox, packaged: Run, production: Stage) -> None:
        """The registry of production imports them: nothing is built, nothing is sent, and the app answers."""
        sandbox.journal.clear()
        run = production.run(packaged.outputs["image"], report_directory="out")
        sent = [entry for entry in sandbox.journal.writes() if entry.service == "registry"]
        asked = sandbox.journal.entries("base-registry")

        assert run.code == 0, run.log
        assert ([], []) == (sent, asked)
        assert packaged.outputs["digest"] == run.outputs["digest"]
        assert f"{production.registry}/promoted/echo@{run.outputs['digest']}" == run.outputs["image"]
        assert ("live", "true") == (run.outputs["state"], run.outputs["changed"])
        assert "Nothing was built." in run.summary
        left = {path.name: path.read_text() for path in (production.folder / "out").iterdir()}
        assert {"plan.json", "plan.md", "image.txt", "log.txt"} == set(left)
        assert f"{run.outputs['image']}\n" == left["image.txt"]
        subscriptions = {production.subscription, sandbox.endpoints.subscription_id}
        assert [] == [name for name, text in left.items() for one in subscriptions if one in text]
