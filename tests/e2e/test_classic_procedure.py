"""The classic guide, by the real `az`, beside our deployment of the same names: every difference has a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.real_data_plane import build_storage
from azure_sandbox.registry.server import registry_app
from azure_sandbox.sandbox import Sandbox
from functions_model.core.spec import Access, BlobTrigger
from functions_model.provision import Action
from functions_model.provision.settings.connection_strings import parts_of
from support.az import new_az
from support.classic import ClassicNames, run_classic
from support.fake_data_plane import fake_data_plane
from support.keys_registry import registry_with_admin
from support.readback import ReadBack, flat
from support.sandbox_login import logged_in_to
from support.sandbox_registries import Registries
from support.triggers import TEXT_SCRIPT, deploy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.data_plane import DataPlane
    from functions_model.provision import ResourcePlan
    from support.sandbox_login import Azure

pytestmark = [pytest.mark.needs("az"), pytest.mark.exhaustive]

GROUP, PLAN, STORAGE, APP = "classic-group", "classic-plan", "classicstorage", "classic-app"
REGISTRY = "classicregistry"
TRIGGER = BlobTrigger("input/{name}", "output/{name}")

_TAG = "it says who made it, so that it can be found and removed"
_IMAGE = "the image is pinned by digest: a tag may move, and an app that restarts would run something else"
_ADDRESS = (
    "the same account and key, see below; each service is addressed by itself, as `show-connection-string` does it,"
    " since the sandbox's accounts have no host names of their own"
)
_SITE, _CONFIG, _SETTINGS = f"sites/{APP}", f"sites/{APP}/config", f"sites/{APP}/settings"
_ACCOUNT = f"storageAccounts/{STORAGE}"
DIFFERENCES = {
    "group.tags.managed-by": _TAG,
    f"serverfarms/{PLAN}.tags.managed-by": _TAG,
    f"{_ACCOUNT}.tags.managed-by": _TAG,
    f"{_SITE}.tags.managed-by": _TAG,
    f"{_CONFIG}.tags.managed-by": _TAG,
    f"{_SETTINGS}.tags.managed-by": _TAG,
    f"{_SITE}.properties.siteConfig.linuxFxVersion": _IMAGE,
    f"{_SITE}.properties.siteProperties.properties.0.value": _IMAGE,
    f"{_CONFIG}.properties.linuxFxVersion": _IMAGE,
    f"{_SETTINGS}.properties.DOCKER_CUSTOM_IMAGE_NAME": _IMAGE,
    f"{_SITE}.properties.httpsOnly": "a function's key goes with each request, and may not go in the clear",
    f"{_CONFIG}.properties.ftpsState": "an app from an image has no files to upload",
    f"{_CONFIG}.properties.httpLoggingEnabled": "what the container writes is kept, or nobody could say why it fails",
    f"{_ACCOUNT}.properties.minimumTlsVersion": "older versions of TLS are broken, and Azure retires them",
    f"{_ACCOUNT}.properties.allowSharedKeyAccess": "nothing said means yes; here it is said, as the app has keys alone",
    f"{_SETTINGS}.properties.AzureWebJobsDashboard": "only version 1 of the Functions host reads it",
    f"{_SETTINGS}.properties.AzureWebJobsStorage": _ADDRESS,
    f"{_SETTINGS}.properties.WEBSITE_CONTENTAZUREFILECONNECTIONSTRING": _ADDRESS,
    f"{_SETTINGS}.properties.TriggerConnectionString": _ADDRESS,
    f"{_SETTINGS}.properties.WEBSITE_CONTENTSHARE": "twelve letters after the name: random there, not here",
    f"{_SETTINGS}.properties.MACHINEKEY_DecryptionKey": "a random secret",
    f"{_SETTINGS}.properties.PYTHON_ISOLATE_WORKER_DEPENDENCIES": (
        "else the worker's own protobuf and grpc come before those of the model"
    ),
    "container azure-webjobs-secrets": "a host that runs keeps its keys there; the app of `az` is not started here",
}
"""Each place where ours is not what `az` made, and why."""


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        sandbox: Where.
        server: The registry's login server.
        values: Everything that is told of it, by place.
        settings: The app's settings, as they are.
    """

    sandbox: Sandbox
    server: str
    values: dict[str, Any]
    settings: dict[str, str]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """What the guide's commands made: accounts and registries are real there, the app's container is not started."""
    folder = tmp_path_factory.mktemp("classic")
    registries = Registries(folder / "registries")

    def data_plane(surroundings: Any, *given: Any) -> DataPlane:
        storage = build_storage(replace(surroundings, root=folder))

        def registry(current: Any) -> Any:
            return registry_app(current, registries.of(current().name), surroundings.directory, surroundings.roles)

        plane = fake_data_plane(surroundings, *given)
        return replace(plane, storage=storage, registry_app=registry, close=storage.close)

    with Sandbox(folder / "sandbox", data_plane=data_plane) as sandbox:
        server = registry_with_admin(sandbox, REGISTRY)
        registries.put(registries.of(REGISTRY), "package", "1")
        az = new_az(folder / "az", sandbox.endpoints)
        az.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
        names = ClassicNames(GROUP, "westeurope", PLAN, STORAGE, APP, REGISTRY, server, "package:1")
        run_classic(az.json, names)
        yield made(sandbox, server)


@pytest.fixture(scope="module")
def ours(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What one run of ours made, of the same names."""
    server = registry_with_admin(sandbox, REGISTRY)
    names = {
        "resource_group": GROUP,
        "plan_name": PLAN,
        "storage_account": STORAGE,
        "data_storage_account": STORAGE,
        "registry": server,
        "image_tag": "1",
    }
    paths = {"trigger": "blob", "input_path": TRIGGER.input_path, "output_path": str(TRIGGER.output_path)}
    deploy(sandbox, tmp_path_factory.mktemp("ours"), TEXT_SCRIPT, APP, access="keys", **names, **paths)
    return made(sandbox, server)


def made(sandbox: Sandbox, server: str) -> Made:
    """Reads it back, with names for what is never the same twice: ids, hosts, keys, times."""
    found = ReadBack(sandbox).group(GROUP)
    settings = dict(found[_SETTINGS]["properties"])
    names = {
        sandbox.subscription_id: "<subscription>",
        sandbox.directory.tenant_id: "<tenant>",
        server: "<registry>",
        found[_SITE]["properties"].pop("lastModifiedTimeUtc"): "<time>",
        found[_ACCOUNT]["properties"].pop("creationTime"): "<time>",
        found[_SITE]["properties"]["defaultHostName"]: "<app>",
        **{url: f"<{service}>" for service, url in found[_ACCOUNT]["properties"]["primaryEndpoints"].items()},
        **dict.fromkeys(sandbox.arm.accounts.keys(STORAGE), "<key>"),
        settings["DOCKER_REGISTRY_SERVER_PASSWORD"]: "<password>",
    }
    values = dict(flat(found, names))
    with sandbox.data.storage.client(STORAGE) as client:  # type: ignore[attr-defined]
        values |= {f"container {container.name}": True for container in client.list_containers()}
    return Made(sandbox, server, values, settings)


@pytest.fixture(scope="module")
def azure(theirs: Made) -> Iterator[Azure]:
    """Our own clients, logged in to the sandbox of `az`."""
    with logged_in_to(theirs.sandbox, theirs.server) as azure:
        yield azure


class TestTheClassicProcedure:
    def test_differs_from_ours_where_there_is_a_reason(self, theirs: Made, ours: Made) -> None:
        """No difference without a reason, and no reason without a difference."""
        places = {*theirs.values, *ours.values}

        assert set(DIFFERENCES) == {place for place in places if theirs.values.get(place) != ours.values.get(place)}

    def test_opens_the_same_with_its_strings(self, theirs: Made, ours: Made) -> None:
        """Each setting with a connection string has the account's name and the account's first key in both."""
        for made in (theirs, ours):
            key = made.sandbox.arm.accounts.keys(STORAGE)[0]
            strings = {name: parts_of(text) for name, text in made.settings.items() if "AccountKey=" in text}
            known = {"AzureWebJobsStorage", "TriggerConnectionString", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"}

            assert known <= set(strings)
            assert {(STORAGE, key)} == {(parts["accountname"], parts["accountkey"]) for parts in strings.values()}


class TestAdoption:
    """The app that `az` made, taken over by our provisioning; first with keys, then with an identity."""

    def plan(self, azure: Azure, access: Access) -> ResourcePlan:
        """Ours, of the names that the guide's reader chose."""
        return azure.plan(
            access=access,
            trigger=TRIGGER,
            resource_group=GROUP,
            plan_name=PLAN,
            storage_account=STORAGE,
            data_storage_account=STORAGE,
            app_name=APP,
            app_settings={},
        )

    def test_with_keys_changes_the_image_and_one_setting(self, azure: Azure, theirs: Made) -> None:
        """Everything else that `az` made is kept, strings and share to the letter."""
        plan = self.plan(azure, Access.KEYS)

        [change] = [change for change in plan.changes if change.action is not Action.KEEP]
        assert ["image", "app setting `PYTHON_ISOLATE_WORKER_DEPENDENCIES`"] == [field.name for field in change.fields]

        azure.apply(plan)
        now = azure.clients.web.web_apps.list_application_settings(GROUP, APP).properties
        assert {**theirs.settings, "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1"} == now
        assert not self.plan(azure, Access.KEYS).has_changes

    def test_with_an_identity_leaves_no_password(self, azure: Azure, theirs: Made) -> None:
        """The machine key and what is no secret stay; every setting with a key in it is gone."""
        azure.apply(self.plan(azure, Access.IDENTITY))

        now = azure.clients.web.web_apps.list_application_settings(GROUP, APP).properties or {}
        config = azure.clients.web.web_apps.get_configuration(GROUP, APP)
        secret = (*azure.sandbox.arm.accounts.keys(STORAGE), theirs.settings["DOCKER_REGISTRY_SERVER_PASSWORD"])
        kept = ("MACHINEKEY_DecryptionKey", "FUNCTIONS_EXTENSION_VERSION", "FUNCTION_APP_EDIT_MODE")
        assert [] == [name for name, text in now.items() if any(key in text for key in secret)]
        assert {name: theirs.settings[name] for name in kept} == {name: now[name] for name in kept}
        assert config.acr_use_managed_identity_creds is True
        assert not self.plan(azure, Access.IDENTITY).has_changes
