"""The real `az` reads back what the plan of a deployment said."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.az import Az, new_az
from support.deployment import Run, run_action
from support.live_sites import callers_keys
from support.triggers import TEXT_SCRIPT, deploy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("az"), pytest.mark.exhaustive]

APP, QUEUE_APP, BUS = "echo-az", "echo-az-queue", "echo-az-bus"
GROUP = ("--resource-group", f"{APP}-group")
QUEUE_GROUP = ("--resource-group", f"{QUEUE_APP}-group")
SETTING = "app setting "


@dataclass(frozen=True)
class Stated:
    """What the plan of a deployment said, read from the step output."""

    plan: dict[str, Any]

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """The changes of a kind by name, each with the values that its fields are to have."""
        return {
            change["name"]: {**change, **{field["name"]: field["after"] for field in change["fields"]}}
            for change in self.plan["changes"]
            if change["kind"] == kind
        }

    def the(self, kind: str) -> dict[str, Any]:
        """The only change of its kind."""
        [change] = self.named(kind).values()
        return change


def stated_by(run: Run, sandbox: Sandbox) -> Stated:
    """Ids in a plan are relative to the app's subscription."""
    whole = f'"/subscriptions/{sandbox.subscription_id}/resourceGroups/'
    return Stated(json.loads(run.outputs["plan"].replace('"/resourceGroups/', whole)))


@dataclass(frozen=True)
class Said:
    """A deployment, what its plan said, and what `az` said afterwards, by command."""

    stated: Stated
    outputs: dict[str, str]
    answers: dict[str, Any]

    def __getitem__(self, command: str) -> Any:
        return self.answers[command]


@pytest.fixture(scope="module")
def az(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Logged in to the sandbox as its service principal."""
    az = new_az(tmp_path_factory.mktemp("az-config"), sandbox.endpoints)
    az.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
    return az


@pytest.fixture(scope="module")
def said(sandbox: Sandbox, az: Az, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """A first deployment with a blob trigger and a setting of the user's own, and all that is asked of it."""
    paths = {"input_path": "incoming/{name}.json", "output_path": "answered/{name}.json"}
    folder = tmp_path_factory.mktemp("az")
    run = deploy(sandbox, folder, TEXT_SCRIPT, APP, trigger="blob", app_settings="GREETING=good morning", **paths)
    stated = stated_by(run, sandbox)
    identity = az.json("identity", "show", *GROUP, "--name", stated.the("identity")["name"])
    asked = {
        "group": ("group", "show", "--name", GROUP[1]),
        "plan": ("functionapp", "plan", "show", *GROUP, "--name", stated.the("plan")["name"]),
        "app": ("functionapp", "show", *GROUP, "--name", APP),
        "config": ("functionapp", "config", "show", *GROUP, "--name", APP),
        "settings": ("functionapp", "config", "appsettings", "list", *GROUP, "--name", APP),
        "keys": ("functionapp", "keys", "list", *GROUP, "--name", APP),
        "identity of the app": ("functionapp", "identity", "show", *GROUP, "--name", APP),
        "roles": ("role", "assignment", "list", "--all", "--assignee", identity["principalId"]),
        "accounts": ("storage", "account", "list", *GROUP),
    }
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(asked, pool.map(lambda words: az.json(*words), asked.values()), strict=True))
    data = stated.named("blob container")["incoming"]["storage account"]
    [blob] = [one["primaryEndpoints"]["blob"] for one in answers["accounts"] if one["name"] == data]
    listing = ("storage", "container", "list", "--auth-mode", "login", "--account-name", data, "--blob-endpoint", blob)
    return Said(stated, run.outputs, {**answers, "identity": identity, "containers": az.json(*listing)})


@pytest.fixture(scope="module")
def queue_said(sandbox: Sandbox, az: Az, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """The same with a Service Bus queue trigger."""
    queues = {"input_queue_name": "orders", "output_queue_name": "answers", "service_bus_namespace": BUS}
    run = deploy(sandbox, tmp_path_factory.mktemp("az"), TEXT_SCRIPT, QUEUE_APP, trigger="service-bus-queue", **queues)
    asked = {
        "namespace": ("servicebus", "namespace", "show", *QUEUE_GROUP, "--name", BUS),
        "queues": ("servicebus", "queue", "list", *QUEUE_GROUP, "--namespace-name", BUS),
    }
    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip(asked, pool.map(lambda words: az.json(*words), asked.values()), strict=True))
    return Said(stated_by(run, sandbox), run.outputs, answers)


def same(ids: Iterable[str]) -> set[str]:
    """Ids as Azure compares them: services change their case."""
    return {one.lower() for one in ids}


def _status(url: str, key: str, sandbox: Sandbox) -> int:
    """What a call of the checking function is answered with."""
    verify = str(sandbox.endpoints.ca_bundle)
    headers = {"x-functions-key": key}
    return requests.post(f"{url}/api/check", json={}, headers=headers, verify=verify, timeout=60).status_code


class TestTheApp:
    """`az functionapp show`, `config show`, `appsettings list`, `identity show`."""

    def test_is_what_the_plan_said(self, said: Said) -> None:
        """Image by digest, plan, identity, https only; the output is the address."""
        app, stated = said["app"], said.stated.the("function app")

        assert "create" == stated["action"]
        assert stated["resource-id"].lower() == app["id"].lower()
        assert "functionapp,linux,container" == app["kind"]
        assert f"DOCKER|{stated['image']}" == app["siteConfig"]["linuxFxVersion"]
        assert stated["image"] == said.outputs["image"]
        assert stated["plan"] == app["serverFarmId"].rpartition("/")[2]
        assert (stated["https only"] == "on") is app["httpsOnly"]
        assert said.outputs["app-url"] == f"https://{app['defaultHostName']}"

    def test_is_configured_as_the_plan_said(self, said: Said) -> None:
        """The image is pulled by the identity of the plan; TLS 1.2, no FTP."""
        config = said["config"]

        assert f"DOCKER|{said.stated.the('function app')['image']}" == config["linuxFxVersion"]
        assert config["acrUseManagedIdentityCreds"] is True
        assert said["identity"]["clientId"] == config["acrUserManagedIdentityId"]
        assert ("1.2", "Disabled") == (config["minTlsVersion"], config["ftpsState"])

    def test_has_the_settings_that_the_plan_named(self, said: Said) -> None:
        """Those and no others: no storage key and no registry password among them. The user's own has its value."""
        stated = {
            name.removeprefix(SETTING).strip("`")
            for name in said.stated.the("function app")
            if name.startswith(SETTING)
        }
        settings = {setting["name"]: setting["value"] for setting in said["settings"]}

        assert stated == set(settings)
        assert "good morning" == settings["GREETING"]
        assert not [name for name in settings if name.startswith("DOCKER_") or name == "AzureWebJobsStorage"]

    def test_runs_as_the_identity_of_the_plan(self, said: Said) -> None:
        """And as no other."""
        stated = said.stated.the("identity")

        assert same([stated["resource-id"]]) == same(said["identity of the app"]["userAssignedIdentities"])
        assert "UserAssigned" == said["identity of the app"]["type"]
        assert stated["location"] == said["identity"]["location"]

    def test_opens_with_its_keys(self, said: Said, sandbox: Sandbox) -> None:
        """`az functionapp keys list`: its master key opens what no other key does; the others are those of callers."""
        shown = said["keys"]
        callers = callers_keys(sandbox, GROUP[1], APP)

        opens = {key: _status(said.outputs["app-url"], key, sandbox) for key in (shown["masterKey"], "no key")}

        assert {shown["masterKey"]: 200, "no key": 401} == opens
        assert callers["host default"] == shown["functionKeys"]["default"]


class TestWhatItNeeds:
    """`az group`, `plan`, `role assignment`, `storage` and `servicebus`."""

    def test_roles_are_those_of_the_plan(self, said: Said) -> None:
        """`az role assignment list`: each role on its scope, and no more."""
        stated = said.stated.named("role assignment").values()

        assert {(one["role"], one["scope"].lower()) for one in stated} == {
            (one["roleDefinitionName"], one["scope"].lower()) for one in said["roles"]
        }

    def test_containers_are_those_of_the_plan(self, said: Said) -> None:
        """`az storage container list`, in the account that the plan named, closed to the public."""
        stated = said.stated.named("blob container")

        assert {"incoming", "answered"} == set(stated)
        assert set(stated) <= {container["name"] for container in said["containers"]}
        assert {None} == {one["properties"]["publicAccess"] for one in said["containers"] if one["name"] in stated}

    def test_accounts_are_as_closed_as_the_plan_said(self, said: Said) -> None:
        """`az storage account list`: no shared keys, no public blobs, TLS 1.2."""
        on = {"on": True, "off": False}
        versions = {"1.2": "TLS1_2"}

        assert {
            name: (
                one["kind"],
                one["replication"],
                on[one["shared-key access"]],
                on[one["public blob access"]],
                versions[one["minimum TLS version"]],
                one["location"],
            )
            for name, one in said.stated.named("storage account").items()
        } == {
            one["name"]: (
                one["kind"],
                one["sku"]["name"],
                one["allowSharedKeyAccess"],
                one["allowBlobPublicAccess"],
                one["minimumTlsVersion"],
                one["location"],
            )
            for one in said["accounts"]
        }

    def test_plan_and_group_are_those_of_the_plan(self, said: Said) -> None:
        """`az functionapp plan show` and `az group show`: size, system and place; our tag."""
        plan, group = said.stated.the("plan"), said.stated.the("resource group")

        assert plan["size"] == said["plan"]["sku"]["name"]
        assert (plan["operating system"] == "Linux") is said["plan"]["reserved"]
        assert group["location"] == said["group"]["location"]
        assert "functions-model-action" == said["group"]["tags"]["managed-by"]

    def test_queues_are_those_of_the_plan(self, queue_said: Said) -> None:
        """`az servicebus queue list`: names, lock and deliveries; and the namespace that they are in."""
        stated, durations = queue_said.stated.named("Service Bus queue"), {"5 minutes": "PT5M"}
        namespace = queue_said.stated.the("Service Bus namespace")

        assert {
            name: (durations[one["lock duration"]], int(one["deliveries before dead-lettering"]))
            for name, one in stated.items()
        } == {one["name"]: (one["lockDuration"], one["maxDeliveryCount"]) for one in queue_said["queues"]}
        assert {namespace["name"]} == {one["namespace"] for one in stated.values()}
        assert namespace["tier"] == queue_said["namespace"]["sku"]["tier"]
        assert namespace["minimum TLS version"] == queue_said["namespace"]["minimumTlsVersion"]


class TestTheEnd:
    """`az group exists`, after the last test: what was read back is removed."""

    def test_leaves_nothing(self, queue_said: Said, sandbox: Sandbox, az: Az, tmp_path: Path) -> None:
        """`mode: destroy` stops the app and takes account, namespace and group with it."""
        names = {"app-name": QUEUE_APP, "resource-group": QUEUE_GROUP[1], "service-bus-namespace": BUS}
        mode = {"mode": "destroy", "destroy-data": "true"}
        endpoints = sandbox.endpoints

        run = run_action(tmp_path, {**endpoints.inputs(), **names, **mode}, endpoints.environ())

        assert run.code == 0, run.log
        assert f"Removed the resource group `{QUEUE_GROUP[1]}`" in run.log
        assert az.json("group", "exists", "--name", QUEUE_GROUP[1]) is False
        assert [] == [one for one in az.json("role", "assignment", "list", "--all") if f"/{BUS}/" in one["scope"]]
