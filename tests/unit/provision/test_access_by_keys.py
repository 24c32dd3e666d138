"""`access: keys`: passwords and connection strings in place of an identity, and the way from one to the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.secrets import Secret
from functions_model.core.spec import Access
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.provision import Action, apply, observe, plan
from support.fake_arm import FakeArm
from support.golden import matches_golden
from support.provisioning import applied, as_text, planned, pushed
from support.wanted import BLOB, HTTP, QUEUE, REGISTRY, wanted

GOLDEN = Path(__file__).parent / "golden"
KEYS = Access.KEYS
WITH_ADMIN = replace(REGISTRY, admin=True)
HOST_STRING = (
    "DefaultEndpointsProtocol=https;EndpointSuffix=test;AccountName=irisstorage;AccountKey=irisstorage-key-1=="
)
DATA_STRING = HOST_STRING.replace("irisstorage", "irisdata")
BUS_STRING = (
    "Endpoint=sb://iris-bus.servicebus.test/;SharedAccessKeyName=RootManageSharedAccessKey;"
    "SharedAccessKey=rootmanagesharedaccesskey-key-1=="
)


def by_keys(arm: FakeArm, **changes: Any) -> Any:
    """The plan of a deployment with keys."""
    return planned(arm, **{"registry": WITH_ADMIN, "access": KEYS, **changes})


def made(**changes: Any) -> FakeArm:
    """A deployment with keys, done."""
    arm = FakeArm()
    applied(arm, by_keys(arm, **changes))
    arm.asked.clear()
    return arm


def secrets_read(arm: FakeArm) -> list[str]:
    """What keys were asked for."""
    ends = ("/listkeys", "/listcredentials")
    return sorted(asked.path.split("/")[-2] for asked in arm.asked if asked.path.lower().endswith(ends))


def config_of(arm: FakeArm) -> dict[str, Any]:
    """The app's configuration."""
    site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
    return dict(site["properties"]["siteConfig"])


class TestTheFirstRun:
    def test_plans_no_identity_and_no_role(self) -> None:
        """Keys that nobody has read yet are stars, like every value of a setting."""
        assert matches_golden(GOLDEN / "first_run_by_keys.json", as_text(by_keys(FakeArm(), trigger=BLOB)))

    def test_reads_no_key_to_plan(self) -> None:
        """A setting that is not there differs whatever the key is."""
        arm = FakeArm()

        by_keys(arm, trigger=BLOB)

        assert [] == secrets_read(arm)

    def test_sets_what_az_sets(self) -> None:
        """The registry's password, the host storage's connection string, and a share for content."""
        arm = made()

        assert {
            "AzureWebJobsStorage": HOST_STRING,
            "DOCKER_CUSTOM_IMAGE_NAME": wanted().image,
            "DOCKER_REGISTRY_SERVER_PASSWORD": "contoso-key-1==",
            "DOCKER_REGISTRY_SERVER_URL": "https://contoso.azurecr.io",
            "DOCKER_REGISTRY_SERVER_USERNAME": "contoso",
            "FUNCTIONS_EXTENSION_VERSION": "~4",
            "FUNCTION_APP_EDIT_MODE": "readOnly",
            "GREETING": "good morning",
            MACHINE_KEY: arm.settings[MACHINE_KEY],
            "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1",
            "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
            "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING": HOST_STRING,
            "WEBSITE_CONTENTSHARE": arm.settings["WEBSITE_CONTENTSHARE"],
        } == arm.settings
        assert config_of(arm)["acrUseManagedIdentityCreds"] is False
        assert arm.settings["WEBSITE_CONTENTSHARE"].startswith("iris")
        assert 16 == len(arm.settings["WEBSITE_CONTENTSHARE"])

    def test_gives_no_content_share_to_a_plan_that_does_not_scale_by_itself(self) -> None:
        """Only Elastic Premium has use for it."""
        assert not [name for name in made(plan_sku="P1v3").settings if name.startswith("WEBSITE_CONTENT")]

    @pytest.mark.parametrize(("trigger", "expected"), [(BLOB, DATA_STRING), (QUEUE, BUS_STRING)], ids=["blob", "queue"])
    def test_connects_the_trigger_by_a_connection_string(self, trigger: Any, expected: str) -> None:
        """Of the data's account, or of the namespace."""
        settings = made(trigger=trigger).settings

        assert {"TriggerConnectionString": expected} == {
            name: value for name, value in settings.items() if name.startswith("TriggerConnectionString")
        }

    def test_masks_every_key(self) -> None:
        """Before anything is written with it; both of each pair, since either may stand in a setting."""
        arm = FakeArm()
        masked: list[str] = []
        first = by_keys(arm, trigger=BLOB)

        applied(arm, first, mask=masked.append)

        owners = ("contoso", "irisdata", "irisstorage")
        assert {arm.key_of(name, number) for name in owners for number in (1, 2)} <= set(masked)

    def test_leaves_the_keys_of_new_accounts_on(self) -> None:
        """Without an identity the app has nothing else."""
        arm = made()

        account = next(value for key, value in arm.resources.items() if key.endswith("/irisstorage"))

        assert account["properties"]["allowSharedKeyAccess"] is True


class TestTheSecondRun:
    @pytest.mark.parametrize("trigger", [HTTP, BLOB, QUEUE], ids=["http", "blob", "queue"])
    def test_writes_nothing(self, trigger: Any) -> None:
        """The keys that are live are compared with those that count."""
        arm = made(trigger=trigger)

        assert not by_keys(arm, trigger=trigger).has_changes

    def test_reads_each_key_once_and_masks_it(self) -> None:
        """One request for what opens two settings."""
        arm = made(trigger=QUEUE)
        masked: list[str] = []
        want = wanted(registry=WITH_ADMIN, access=KEYS, trigger=QUEUE)

        observe(arm.clients(), want, mask=masked.append)

        assert ["RootManageSharedAccessKey", "contoso", "irisstorage"] == secrets_read(arm)
        assert {arm.key_of("irisstorage", 2), arm.key_of("contoso", 1)} <= set(masked)

    def test_keeps_the_other_key_of_a_pair(self) -> None:
        """Somebody who rotates keys uses the second while the first is made anew."""
        arm = made()
        arm.settings["AzureWebJobsStorage"] = f"AccountName=irisstorage;AccountKey={arm.key_of('irisstorage', 2)};X=1"
        arm.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = arm.key_of("contoso", 2)
        arm.settings["DOCKER_REGISTRY_SERVER_URL"] = "contoso.azurecr.io"

        assert not by_keys(arm).has_changes

    def test_replaces_keys_that_were_rotated(self) -> None:
        """A key that counts no more is a difference; the image is left alone."""
        arm = made()
        arm.rotations = 1
        second = by_keys(arm)

        applied(arm, second)

        assert ["PUT appsettings"] == arm.writes
        assert arm.key_of("irisstorage") in arm.settings["AzureWebJobsStorage"]
        assert arm.key_of("contoso") == arm.settings["DOCKER_REGISTRY_SERVER_PASSWORD"]
        assert "key-1" not in as_text(second)

    def test_writes_no_setting_for_a_new_image(self) -> None:
        """One PATCH, as with an identity: the setting with the first image stays as it is."""
        arm = made()

        applied(arm, by_keys(arm, digit="b"))

        assert ["PATCH web"] == arm.writes

    def test_keeps_a_rule_of_less_rights(self) -> None:
        """A string of another rule of the namespace stays while that rule's key is in it."""
        arm = made(trigger=QUEUE)
        arm.rules = {"listen-and-send"}
        arm.settings["TriggerConnectionString"] = (
            "Endpoint=sb://iris-bus.servicebus.test/;SharedAccessKeyName=listen-and-send;SharedAccessKey="
            f"{arm.key_of('listen-and-send', 2)}"
        )

        assert not by_keys(arm, trigger=QUEUE).has_changes

    @pytest.mark.parametrize(
        "string", [BUS_STRING.replace("RootManageSharedAccessKey", "gone"), f"{BUS_STRING};EntityPath=orders"]
    )
    def test_replaces_a_string_that_does_not_open_the_namespace(self, string: str) -> None:
        """A rule that is gone, or one of a single queue, by the namespace's own rule."""
        arm = made(trigger=QUEUE)
        arm.settings["TriggerConnectionString"] = string

        applied(arm, by_keys(arm, trigger=QUEUE))

        assert BUS_STRING == arm.settings["TriggerConnectionString"]


class TestFromOneToTheOther:
    @pytest.mark.parametrize("trigger", [HTTP, BLOB, QUEUE], ids=["http", "blob", "queue"])
    def test_to_an_identity_leaves_no_password(self, trigger: Any) -> None:
        """Passwords and strings go, the machine key and others' settings stay, and the next run has nothing to do."""
        arm = made(trigger=trigger)
        arm.settings |= {"THEIRS": "1", "AzureWebJobsDashboard": HOST_STRING}
        kept = {name: arm.settings[name] for name in ("THEIRS", MACHINE_KEY, "GREETING")}

        applied(arm, planned(arm, trigger=trigger))

        assert [] == [name for name, value in arm.settings.items() if "key-1" in value]
        assert not {"AzureWebJobsStorage", "TriggerConnectionString", "WEBSITE_CONTENTSHARE"} & set(arm.settings)
        assert not [name for name in arm.settings if name.startswith("DOCKER_")]
        assert kept == {name: arm.settings[name] for name in kept}
        assert config_of(arm)["acrUseManagedIdentityCreds"] is True
        assert not planned(arm, trigger=trigger).has_changes

    def test_to_an_identity_changes_the_pull_as_the_password_goes(self) -> None:
        """In one request, after the identity is there: however a run is stopped, the app can pull its image."""
        arm = made()

        applied(arm, planned(arm))

        order = [write for write in arm.writes if write in {"PATCH iris", "PATCH web", "PUT appsettings"}]
        assert ["PATCH iris", "PATCH web"] == order

    @pytest.mark.parametrize("trigger", [HTTP, BLOB, QUEUE], ids=["http", "blob", "queue"])
    def test_to_keys_switches_them_on(self, trigger: Any) -> None:
        """Accounts and a namespace that this tool closed are opened, and the app is not told of an identity."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=trigger))
        for key, resource in arm.resources.items():
            if key.endswith("/iris-bus"):
                resource["properties"]["disableLocalAuth"] = True
        machine_key = arm.settings[MACHINE_KEY]

        applied(arm, by_keys(arm, trigger=trigger))

        assert [] == [name for name in arm.settings if "__" in name]
        assert HOST_STRING == arm.settings["AzureWebJobsStorage"]
        assert machine_key == arm.settings[MACHINE_KEY]
        assert config_of(arm)["acrUseManagedIdentityCreds"] is False
        assert not by_keys(arm, trigger=trigger).has_changes

    def test_to_keys_writes_the_password_as_the_pull_changes(self) -> None:
        """The reverse of the way to an identity, and the account's keys first of all."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.asked.clear()

        applied(arm, by_keys(arm))

        assert ["PATCH irisstorage", "PATCH web"] == arm.writes

    def test_with_another_trigger_takes_its_string(self) -> None:
        """The blob trigger's string is replaced by the queue's; with an HTTP trigger it goes."""
        arm = made(trigger=BLOB)

        applied(arm, by_keys(arm, trigger=QUEUE))
        after_queue = arm.settings["TriggerConnectionString"]
        applied(arm, by_keys(arm, trigger=HTTP))

        assert BUS_STRING == after_queue
        assert "TriggerConnectionString" not in arm.settings

    def test_there_and_back_is_the_same_app(self) -> None:
        """But for the setting that tells the portal that files are in the image, which is true either way."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=BLOB))
        before = dict(arm.settings)

        applied(arm, by_keys(arm, trigger=BLOB))
        applied(arm, planned(arm, trigger=BLOB))

        assert {**before, "FUNCTION_APP_EDIT_MODE": "readOnly"} == arm.settings


class TestAClassicApp:
    """An app that `az` made: its own strings, a random share, settings that we do not write."""

    CLASSIC: dict[str, str] = {  # noqa: RUF012 - read only
        "AzureWebJobsDashboard": HOST_STRING,
        "AzureWebJobsStorage": HOST_STRING,
        "DOCKER_CUSTOM_IMAGE_NAME": "contoso.azurecr.io/package:1",
        "DOCKER_REGISTRY_SERVER_PASSWORD": "contoso-key-1==",
        "DOCKER_REGISTRY_SERVER_URL": "https://contoso.azurecr.io",
        "DOCKER_REGISTRY_SERVER_USERNAME": "contoso",
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "FUNCTION_APP_EDIT_MODE": "readOnly",
        MACHINE_KEY: "A" * 64,
        "THEIRS": "1",
        "TriggerConnectionString": f"{DATA_STRING};BlobEndpoint=https://irisdata.blob.test/",
        "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING": HOST_STRING,
        "WEBSITE_CONTENTSHARE": "iris0123456789ab",
    }

    def app(self) -> FakeArm:
        arm = made(trigger=BLOB)
        arm.settings = dict(self.CLASSIC)
        return arm

    def test_is_hardly_touched_with_keys(self) -> None:
        """The user's own settings, and the one without which the worker takes other packages than the user's."""
        arm = self.app()

        applied(arm, by_keys(arm, trigger=BLOB))

        ours = {"GREETING": "good morning", "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1"}
        assert {**self.CLASSIC, **ours} == arm.settings

    def test_keeps_its_own_settings_with_an_identity(self) -> None:
        """What is no password stays as it was."""
        arm = self.app()

        applied(arm, planned(arm, trigger=BLOB))

        kept = ("FUNCTIONS_EXTENSION_VERSION", "FUNCTION_APP_EDIT_MODE", MACHINE_KEY, "THEIRS")
        assert {name: self.CLASSIC[name] for name in kept} == {name: arm.settings[name] for name in kept}
        assert [] == [name for name, value in arm.settings.items() if "key-1" in value]

    @pytest.mark.parametrize(
        ("setting", "value", "message"),
        [
            ("AzureWebJobsStorage", "AccountName=other;AccountKey=k", "Set `storage-account` to `other`"),
            ("TriggerConnectionString", "AccountName=other;AccountKey=k", "Set `data-storage-account` to `other`"),
        ],
    )
    @pytest.mark.parametrize("access", tuple(Access))
    def test_of_another_account_names_the_input_to_set(
        self, access: Access, setting: str, value: str, message: str
    ) -> None:
        """Its keys, or its input, would be lost; so nothing is written before somebody has decided."""
        arm = self.app()
        arm.settings[setting] = value

        with pytest.raises(PlanRefused, match=message):
            by_keys(arm, trigger=BLOB, access=access)

    def test_of_another_namespace_names_the_input_to_set(self) -> None:
        """As with accounts."""
        arm = made(trigger=QUEUE)
        arm.settings["TriggerConnectionString"] = BUS_STRING.replace("iris-bus", "other")

        with pytest.raises(PlanRefused, match="Set `service-bus-namespace` to `other`"):
            by_keys(arm, trigger=QUEUE)

    @pytest.mark.parametrize("access", tuple(Access))
    def test_keeps_references_to_a_key_vault(self, access: Access) -> None:
        """They name no account, and somebody meant them."""
        arm = self.app()
        reference = "@Microsoft.KeyVault(SecretUri=https://vault.vault.azure.net/secrets/x)"
        arm.settings |= {"AzureWebJobsStorage": reference, "TriggerConnectionString": reference}

        applied(arm, by_keys(arm, trigger=BLOB, access=access))

        assert reference == arm.settings["AzureWebJobsStorage"] == arm.settings["TriggerConnectionString"]


class TestRefusals:
    def test_a_registry_without_an_admin_user(self) -> None:
        """Both ways out are named, before anything is read of it or written."""
        with pytest.raises(PlanRefused) as caught:
            by_keys(FakeArm(), registry=REGISTRY)

        [problem] = caught.value.problems
        assert "az acr update --name contoso --admin-enabled true" in problem.remedy
        assert "`access: identity`" in problem.remedy

    @pytest.mark.parametrize(
        ("trigger", "name", "closed", "command"),
        [
            (HTTP, "irisstorage", {"allowSharedKeyAccess": False}, "--allow-shared-key-access true"),
            (BLOB, "irisdata", {"allowSharedKeyAccess": False}, "--allow-shared-key-access true"),
            (QUEUE, "iris-bus", {"disableLocalAuth": True}, "--disable-local-auth false"),
        ],
    )
    def test_what_others_made_without_keys(
        self, trigger: Any, name: str, closed: dict[str, bool], command: str
    ) -> None:
        """An account or a namespace of another make is not opened by us."""
        arm = made(trigger=trigger)
        resource = next(value for key, value in arm.resources.items() if key.endswith(f"/{name}"))
        resource["properties"] |= closed
        resource["tags"] = {}

        with pytest.raises(PlanRefused, match=command):
            by_keys(arm, trigger=trigger)

    def test_are_told_with_the_others(self) -> None:
        """Every problem at once."""
        arm = made(trigger=BLOB)
        arm.settings |= {"AzureWebJobsStorage": "AccountName=other;AccountKey=k"}

        with pytest.raises(PlanRefused) as caught:
            by_keys(arm, trigger=BLOB, registry=REGISTRY)

        assert ["access", "storage-account"] == [problem.subject for problem in caught.value.problems]


class TestOwnSettings:
    def test_of_the_user_come_last(self) -> None:
        """A connection string that the user gives is not compared with any key."""
        own = {"AzureWebJobsTriggerConnectionString": Secret("AccountName=elsewhere;AccountKey=z")}
        arm = made(trigger=BLOB, app_settings=own)

        assert "TriggerConnectionString" not in arm.settings
        assert not by_keys(arm, trigger=BLOB, app_settings=own).has_changes


class TestAKeptPlan:
    def test_sends_no_request(self) -> None:
        """What was read for the plan is enough."""
        arm = made(trigger=QUEUE)
        want = wanted(registry=WITH_ADMIN, access=KEYS, trigger=QUEUE)
        second = plan(want, observe(arm.clients(), want))
        arm.asked.clear()

        outcome = apply(second, arm.clients(), ready=pushed())

        assert [] == arm.asked
        assert {Action.KEEP} == {change.action for change in outcome.kept}
