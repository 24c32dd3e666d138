"""The real `az` command line against the sandbox: what the SDK made, az reads."""

from __future__ import annotations

import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.web import WebSiteManagementClient

from azure_sandbox.arm.authorization.definitions import ACR_PULL
from azure_sandbox.sandbox import REGISTRY, Sandbox
from support.az import Az, new_az
from support.sandbox_registries import Registries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


pytestmark = [pytest.mark.needs("az"), pytest.mark.exhaustive]

GROUP, PLACE = "az-reads", {"location": "westeurope"}
MOUNT = {
    "type": "AzureFiles",
    "accountName": "azreadsacc",
    "shareName": "models",
    "accessKey": "secret",
    "mountPath": "/models",
}
IMAGE = "DOCKER|localhost:5000/package@sha256:" + "c" * 64


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Registries:
    return Registries(tmp_path_factory.mktemp("az-registries"))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, registries: Registries) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("az-cloud"), data_plane=registries.data_plane) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def signed_out(cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder of an az that knows the sandbox; copies of it save each sign-in two commands."""
    folder = tmp_path_factory.mktemp("az-signed-out")
    new_az(folder, cloud.endpoints).choose_cloud(cloud.endpoints)
    return folder


@pytest.fixture(scope="module")
def az(cloud: Sandbox, signed_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Az:
    az = az_like(signed_out, tmp_path_factory.mktemp("az") / "config", cloud)
    az.log_in(cloud.endpoints, "-p", cloud.endpoints.client_secret)
    return az


def az_like(signed_out: Path, folder: Path, cloud: Sandbox) -> Az:
    return new_az(shutil.copytree(signed_out, folder), cloud.endpoints)


@pytest.fixture(scope="module")
def made(cloud: Sandbox) -> Iterator[dict[str, Any]]:
    """What a deployment makes, through the SDK."""
    ends = cloud.endpoints
    trust = {"connection_verify": str(ends.ca_bundle)}
    credential = ClientSecretCredential(
        ends.tenant_id,
        ends.client_id,
        ends.client_secret,
        authority=ends.authority,
        disable_instance_discovery=True,
        **trust,
    )
    opened: list[Any] = [credential]

    def client(kind: Callable[..., Any]) -> Any:
        scopes = ["https://management.azure.com/.default"]
        one = kind(credential, ends.subscription_id, base_url=ends.resource_manager, credential_scopes=scopes, **trust)
        opened.append(one)
        return one

    yield make_everything(client)
    for one in opened:
        one.close()


def make_everything(client: Callable[..., Any]) -> dict[str, Any]:
    group = client(ResourceManagementClient).resource_groups.create_or_update(GROUP, {**PLACE, "tags": {"a": "b"}})
    identity = client(ManagedServiceIdentityClient).user_assigned_identities.create_or_update(GROUP, "scorer", PLACE)
    account = {**PLACE, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    client(StorageManagementClient).storage_accounts.begin_create(GROUP, "azreadsacc", account).result()
    role = {
        "roleDefinitionId": f"{group.id}/providers/Microsoft.Authorization/roleDefinitions/{ACR_PULL}",
        "principalId": identity.principal_id,
        "principalType": "ServicePrincipal",
    }
    roles = client(AuthorizationManagementClient).role_assignments
    roles.create(group.id, str(uuid.uuid4()), {"properties": role})
    web = client(WebSiteManagementClient)
    plan = {**PLACE, "sku": {"name": "EP1"}, "properties": {"reserved": True}}
    web.app_service_plans.begin_create_or_update(GROUP, "plan", plan).result()
    site = {
        **PLACE,
        "kind": "functionapp,linux,container",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}},
        "properties": {
            "serverFarmId": "plan",
            "reserved": True,
            "httpsOnly": True,
            "siteConfig": {
                "linuxFxVersion": IMAGE,
                "healthCheckPath": "/api/identity",
                "httpLoggingEnabled": True,
                "appSettings": [{"name": "GREETING", "value": "hello"}],
                "connectionStrings": [{"name": "DB", "connectionString": "Server=a", "type": "Custom"}],
                "azureStorageAccounts": {"models": MOUNT},
            },
        },
    }
    app = web.web_apps.begin_create_or_update(GROUP, "az-reads-app", site).result()
    slot = {**site, "properties": {"serverFarmId": "plan", "siteConfig": {"linuxFxVersion": IMAGE}}}
    web.web_apps.begin_create_or_update_slot(GROUP, "az-reads-app", "staging", slot).result()
    return {"group": group, "identity": identity, "app": app}


@pytest.fixture(scope="module")
def read(az: Az, made: dict[str, Any]) -> dict[str, Any]:
    """Every reading command once; two at a time, as each spends most of its time starting."""
    commands = {
        "group": ("group", "show", "--name", GROUP),
        "app": ("functionapp", "show", "-g", GROUP, "--name", "az-reads-app"),
        "settings": ("functionapp", "config", "appsettings", "list", "-g", GROUP, "--name", "az-reads-app"),
        "configuration": ("functionapp", "config", "show", "-g", GROUP, "--name", "az-reads-app"),
        "strings": ("webapp", "config", "connection-string", "list", "-g", GROUP, "--name", "az-reads-app"),
        "mounts": ("webapp", "config", "storage-account", "list", "-g", GROUP, "--name", "az-reads-app"),
        "slots": ("functionapp", "deployment", "slot", "list", "-g", GROUP, "--name", "az-reads-app"),
        "log": ("webapp", "log", "show", "-g", GROUP, "--name", "az-reads-app"),
        "account": ("storage", "account", "show", "-g", GROUP, "--name", "azreadsacc"),
        "roles": ("role", "assignment", "list", "--scope", made["group"].id),
        "roles of one": (
            *("role", "assignment", "list", "--scope", made["group"].id),
            *("--assignee", made["identity"].client_id),
        ),
        "identity": ("identity", "show", "-g", GROUP, "--name", "scorer"),
        "registry": ("acr", "show", "--name", "sandboxregistry"),
    }
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda words: az.json(*words), commands.values())
        return dict(zip(commands, answers, strict=True))


class TestSignIn:
    def test_a_github_token_signs_az_in(self, cloud: Sandbox, signed_out: Path, tmp_path: Path) -> None:
        """As azure/login does it: a federated token instead of a secret."""
        az = az_like(signed_out, tmp_path / "config", cloud)
        token = cloud.github_oidc.issue("api://AzureADTokenExchange")
        az.log_in(cloud.endpoints, "--federated-token", token)

        assert cloud.subscription_id == az.json("account", "show")["id"]

    def test_a_wrong_secret_is_told(self, cloud: Sandbox, signed_out: Path, tmp_path: Path) -> None:
        """The message is Entra's own, with its code."""
        ends = cloud.endpoints
        az = az_like(signed_out, tmp_path / "config", cloud)
        answer = az.run("login", "--service-principal", "-u", ends.client_id, "--tenant", ends.tenant_id, "-p", "no")

        assert answer.returncode != 0
        assert "AADSTS7000215" in answer.stderr


class TestReading:
    def test_the_group(self, read: dict[str, Any]) -> None:
        """Location, tags, state."""
        group = read["group"]

        assert ("westeurope", {"a": "b"}) == (group["location"], group["tags"])
        assert "Succeeded" == group["properties"]["provisioningState"]

    def test_the_app(self, read: dict[str, Any], made: dict[str, Any]) -> None:
        """Image, state, host name and identity."""
        app = read["app"]

        assert "functionapp,linux,container" == app["kind"]
        assert ("Running", IMAGE) == (app["state"], app["siteConfig"]["linuxFxVersion"])
        assert made["app"].properties.default_host_name == app["defaultHostName"]
        assert made["identity"].id in app["identity"]["userAssignedIdentities"]

    def test_the_settings(self, read: dict[str, Any]) -> None:
        """Names, values, and that none is bound to a slot."""
        assert [{"name": "GREETING", "slotSetting": False, "value": "hello"}] == read["settings"]

    def test_the_container_log(self, read: dict[str, Any]) -> None:
        """On, as the app's configuration says."""
        assert read["log"]["httpLogs"]["fileSystem"]["enabled"]

    def test_the_account(self, read: dict[str, Any]) -> None:
        """SKU, kind and endpoints."""
        account = read["account"]

        assert ("Standard_LRS", "StorageV2") == (account["sku"]["name"], account["kind"])
        assert account["primaryEndpoints"]["blob"].startswith("https://localhost:")

    def test_the_roles(self, read: dict[str, Any], made: dict[str, Any]) -> None:
        """With the role's and the principal's name filled in; and found by the assignee's client id."""
        (role,) = read["roles"]

        assert ("AcrPull", made["identity"].principal_id) == (role["roleDefinitionName"], role["principalId"])
        assert made["identity"].client_id == role["principalName"]
        assert [role["name"]] == [one["name"] for one in read["roles of one"]]

    def test_the_identity(self, read: dict[str, Any], made: dict[str, Any]) -> None:
        """Client and principal id."""
        expected = made["identity"].client_id, made["identity"].principal_id

        assert expected == (read["identity"]["clientId"], read["identity"]["principalId"])

    def test_the_configuration(self, read: dict[str, Any]) -> None:
        """General settings; the key of a mount is not shown, and connection strings are somewhere else."""
        config = read["configuration"]

        assert (IMAGE, "/api/identity") == (config["linuxFxVersion"], config["healthCheckPath"])
        assert (None, None) == (config["azureStorageAccounts"]["models"]["accessKey"], config["connectionStrings"])

    def test_connection_strings_and_mounts(self, read: dict[str, Any]) -> None:
        """With their types and values; az itself takes the keys of mounts out."""
        [mount] = read["mounts"]

        assert [("DB", "Server=a", "Custom")] == [(one["name"], one["value"], one["type"]) for one in read["strings"]]
        assert ("models", "models", "/models") == (
            mount["name"],
            mount["value"]["shareName"],
            mount["value"]["mountPath"],
        )

    def test_the_slots(self, read: dict[str, Any]) -> None:
        """By their own names."""
        assert ["staging"] == [slot["name"] for slot in read["slots"]]

    def test_the_registry(self, cloud: Sandbox, read: dict[str, Any]) -> None:
        """Found by its name alone, across groups."""
        assert cloud.endpoints.registry == read["registry"]["loginServer"]


class TestMaking:
    def test_az_makes_an_app_from_an_image(self, cloud: Sandbox, az: Az, made: dict[str, Any]) -> None:
        """All the requests of `az functionapp create --image` are answered, and the same app comes out."""
        az.json(
            *("functionapp", "create", "-g", GROUP, "--name", "az-made-app", "--plan", "plan"),
            *("--storage-account", "azreadsacc", "--functions-version", "4", "--disable-app-insights", "true"),
            *("--image", f"{cloud.endpoints.registry}/package:1"),
        )
        site = cloud.arm.sites.of(cloud.arm.store.get(site_id(cloud)).id)

        assert f"DOCKER|{cloud.endpoints.registry}/package:1" == site.config["linuxFxVersion"]
        assert "false" == site.settings["WEBSITES_ENABLE_APP_SERVICE_STORAGE"]
        assert len(site.settings["MACHINEKEY_DecryptionKey"]) == 64

    def test_az_imports_an_image(self, az: Az, registries: Registries) -> None:
        """`az acr import` waits until it is done, and the image is there under its new name."""
        digest = registries.put(registries.base, "azure-functions/python", "4-python3.11")
        source = "mcr.microsoft.com/azure-functions/python:4-python3.11"
        az.json("acr", "import", "--name", REGISTRY, "--source", source, "--image", "cache:base")

        assert digest == registries.own.manifest("cache", "base").digest


class TestTwoSubscriptions:
    def test_az_works_in_both(self, cloud: Sandbox, signed_out: Path, registries: Registries, tmp_path: Path) -> None:
        """It lists them, makes a registry in the second one, gives a role there, and imports by id from it."""
        hub = cloud.add_subscription("hub")
        az = az_like(signed_out, tmp_path / "config", cloud)
        az.log_in(cloud.endpoints, "-p", cloud.endpoints.client_secret)
        listed = {one["name"]: one["id"] for one in az.json("account", "list")}
        az.json("group", "create", "--subscription", hub, "-g", "hub-rg", "-l", "westeurope")
        named = ("--subscription", hub, "--name", "azhub")
        source = az.json("acr", "create", *named, "-g", "hub-rg", "-l", "westeurope", "--sku", "Basic")["id"]
        digest = registries.put(registries.of("azhub"), "shared", "1")
        import_it = ("acr", "import", "--name", REGISTRY, "--registry", source, "--source", f"shared@{digest}")
        az.json(*import_it, "--image", "from-hub:1", "--subscription", cloud.subscription_id)
        other = cloud.directory.add_application("other").principal
        role = ("--assignee-object-id", other.object_id, "--assignee-principal-type", "ServicePrincipal")
        az.json("role", "assignment", "create", *role, "--role", "AcrPull", "--scope", source)
        held = az.json("role", "assignment", "list", "--scope", source, "--subscription", hub)
        az.json("role", "assignment", "delete", "--ids", *[one["id"] for one in held])

        assert {"Sandbox": cloud.subscription_id, "hub": hub} == listed
        assert digest == registries.own.manifest("from-hub", "1").digest
        assert [(source, other.object_id)] == [(one["scope"], one["principalId"]) for one in held]
        assert [] == [one for one in cloud.roles.around(source) if one.principal_id == other.object_id]


def site_id(cloud: Sandbox) -> Any:
    (found,) = [one.id for one in cloud.arm.store.list(group=GROUP) if one.id.name == "az-made-app"]
    return found
