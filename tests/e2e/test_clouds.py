"""A deployment from login to a live app in a cloud that is behind the public one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from azure_sandbox.sandbox import Sandbox
from support.deployer import Deployer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.exhaustive
@pytest.mark.parametrize("cloud", ["AzureUSGovernment", "AzureChinaCloud"])
def test_a_deployment_comes_alive(tmp_path: Path, cloud: str) -> None:
    """With a registered model: Azure ML is asked, too, and App Service for the host's keys."""
    with Sandbox(tmp_path / "sandbox", cloud=cloud) as sandbox:
        sandbox.register_model("echo", {"weights.txt": b"first"})
        run = Deployer(sandbox, tmp_path / "workspace", "abroad").run(
            model_path="azureml:echo:1", workspace="sandboxworkspace", workspace_resource_group="sandbox-shared"
        )

    assert run.code == 0, run.log
