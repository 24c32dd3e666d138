"""The real `az` reads back what a deployment made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.az import Az, new_az
from support.deployer import Deployer

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.needs("az")

APP = "echo-az"


@pytest.fixture(scope="module")
def az(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Logged in to the sandbox as its service principal."""
    az = new_az(tmp_path_factory.mktemp("az-config"), sandbox.endpoints)
    az.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
    return az


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A deployment with a setting of the user's own."""
    run = Deployer(sandbox, tmp_path_factory.mktemp("az"), APP).run(app_settings="GREETING=good morning")
    assert run.code == 0, run.log
    return run


class TestAzReads:
    """What `az` says of the resources."""

    def test_the_group_is_where_it_was_wanted(self, az: Az, deployed: Run) -> None:
        """`az group show`."""
        group = az.json("group", "show", "--name", f"{APP}-group")

        assert (group["location"], group["properties"]["provisioningState"]) == ("westeurope", "Succeeded")
        assert group["tags"]["managed-by"] == "functions-model-action"

    def test_the_app_runs_the_pinned_image_by_identity(self, az: Az, deployed: Run) -> None:
        """`az functionapp show`: container kind, https only, image by digest, the user-assigned identity."""
        app = az.json("functionapp", "show", "--resource-group", f"{APP}-group", "--name", APP)

        assert app["kind"] == "functionapp,linux,container"
        assert app["httpsOnly"] is True
        assert app["siteConfig"]["linuxFxVersion"] == f"DOCKER|{deployed.outputs['image']}"
        assert list(app["identity"]["userAssignedIdentities"]) != []
        assert f"https://{app['defaultHostName']}" == deployed.outputs["app-url"]

    def test_the_settings_are_the_users_and_ours(self, az: Az, deployed: Run) -> None:
        """`az functionapp config appsettings list`: no storage key and no registry password among them."""
        listed = az.json(
            *("functionapp", "config", "appsettings", "list", "--resource-group", f"{APP}-group", "--name", APP)
        )
        settings = {setting["name"]: setting["value"] for setting in listed}

        assert settings["GREETING"] == "good morning"
        assert settings["WEBSITES_ENABLE_APP_SERVICE_STORAGE"] == "false"
        assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
        assert not [name for name in settings if name.startswith("DOCKER_") or name == "AzureWebJobsStorage"]

    def test_the_storage_account_has_no_shared_keys(self, az: Az, deployed: Run) -> None:
        """`az storage account show`."""
        listed = az.json("storage", "account", "list", "--resource-group", f"{APP}-group")
        account = az.json("storage", "account", "show", "--resource-group", f"{APP}-group", "--name", listed[0]["name"])

        assert account["allowSharedKeyAccess"] is False
        assert account["allowBlobPublicAccess"] is False
        assert account["minimumTlsVersion"] == "TLS1_2"
