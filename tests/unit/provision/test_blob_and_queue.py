"""What blob and Service Bus triggers work on: made by the first run, found by the second."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from functions_model.core.failures import ApplyIncomplete, PlanRefused
from functions_model.core.secrets import Secret
from functions_model.core.spec import BlobTrigger, ServiceBusQueueTrigger
from functions_model.provision import Action
from support.fake_arm import Asked, FakeArm, arm_error
from support.golden import matches_golden
from support.provisioning import applied, as_text, planned
from support.wanted import BLOB, HTTP, QUEUE, wanted

GOLDEN = Path(__file__).parent / "golden"
CONFLICT = arm_error(409, "Conflict", "SubCode=40901. Another conflicting operation is in progress.")


def made(trigger: Any, **changes: Any) -> FakeArm:
    """A Resource Manager after a first run."""
    arm = FakeArm()
    applied(arm, planned(arm, trigger=trigger, **changes))
    arm.asked.clear()
    return arm


def body_of(arm: FakeArm, end: str) -> Any:
    """What was PUT to the path with that end."""
    return next(asked.document for asked in arm.asked if asked.method == "PUT" and asked.path.endswith(end))


def puts(arm: FakeArm) -> list[Asked]:
    return [asked for asked in arm.asked if asked.method == "PUT"]


def connection(arm: FakeArm) -> dict[str, str]:
    """The settings of the trigger's connection, without their prefix."""
    prefix = "TriggerConnectionString"
    return {name.removeprefix(prefix): value for name, value in arm.settings.items() if name.startswith(prefix)}


def client_id(arm: FakeArm) -> str:
    identity = next(value for key, value in arm.resources.items() if "userassignedidentities" in key)
    return str(identity["properties"]["clientId"])


def removed(arm: FakeArm, part: str) -> None:
    """Take every resource with that part in its path away."""
    arm.resources = {key: value for key, value in arm.resources.items() if part not in key}


class TestAFirstRunForBlobs:
    def test_plans_everything_in_a_stable_order(self) -> None:
        """The account with the data, its containers and the roles on it come beside what every app has."""
        assert matches_golden(GOLDEN / "first_run_blob.json", as_text(planned(FakeArm(), trigger=BLOB)))

    def test_makes_containers_through_resource_manager(self) -> None:
        """Each container is one closed resource of the data account, made before the app."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=BLOB))

        paths = [asked.path for asked in puts(arm)]

        assert {"publicAccess": "None"} == body_of(arm, "irisdata/blobServices/default/containers/input")["properties"]
        assert {"publicAccess": "None"} == body_of(arm, "irisdata/blobServices/default/containers/output")["properties"]
        assert [path for path in paths if "/sites/" in path] == paths[-4:]

    def test_connects_by_identity_to_the_data_account(self) -> None:
        """The host needs blobs and, for those that cannot be scored, queues."""
        arm = made(BLOB)

        assert {
            "__blobServiceUri": "https://irisdata.blob.test/",
            "__queueServiceUri": "https://irisdata.queue.test/",
            "__credential": "managedidentity",
            "__clientId": client_id(arm),
        } == connection(arm)

    def test_makes_a_container_once_that_both_paths_name(self) -> None:
        """Input and output may be in one container; without an output there is one, too."""
        both = BlobTrigger("images/in/{name}", "images/out/{name}")
        plans = [planned(FakeArm(), trigger=trigger) for trigger in (both, BlobTrigger("images/{name}", None))]

        for one in plans:
            assert ["images"] == [change.name for change in one.changes if change.kind == "blob container"]

    def test_gives_the_host_what_a_blob_trigger_needs(self) -> None:
        """The host keeps its own queue in the host account, whatever account the trigger watches."""
        names = [role.name for role in wanted(trigger=BLOB).roles if role.on == "irisstorage"]

        assert [
            "Storage Blob Data Owner",
            "Storage Table Data Contributor",
            "Storage Account Contributor",
            "Storage Queue Data Contributor",
        ] == names

    def test_lets_the_host_switch_the_log_of_the_data_account_on(self) -> None:
        """The blob extension writes the service's properties there, which no role on data allows."""
        names = [role.name for role in wanted(trigger=BLOB).roles if role.on == "irisdata"]

        assert ["Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Account Contributor"] == names


class TestDataInTheHostAccount:
    def test_is_one_account_with_all_the_roles(self) -> None:
        """The data account may be the host's: it is made once, and no role is assigned twice."""
        arm = FakeArm()

        first = planned(arm, trigger=BLOB, data_storage_account="irisstorage")
        applied(arm, first)
        roles = [change.name for change in first.changes if change.kind == "role assignment"]

        assert ["irisstorage"] == [change.name for change in first.changes if change.kind == "storage account"]
        assert len(set(roles)) == len(roles) == 5
        assert "https://irisstorage.blob.test/" == connection(arm)["__blobServiceUri"]
        assert not planned(arm, trigger=BLOB, data_storage_account="irisstorage").has_changes


class TestAFirstRunForQueues:
    def test_plans_everything_in_a_stable_order(self) -> None:
        """Namespace, queues and the roles on the queues come beside what every app has."""
        assert matches_golden(GOLDEN / "first_run_queue.json", as_text(planned(FakeArm(), trigger=QUEUE)))

    def test_makes_namespace_and_queues(self) -> None:
        """The namespace wants TLS 1.2 and takes no keys; locks last long, and nothing is dead-lettered for its age."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=QUEUE))

        namespace = body_of(arm, "/namespaces/iris-bus")
        queue = {"lockDuration": "PT5M", "maxDeliveryCount": 10, "deadLetteringOnMessageExpiration": False}

        assert {"name": "Standard", "tier": "Standard"} == namespace["sku"]
        assert {"minimumTlsVersion": "1.2", "disableLocalAuth": True} == namespace["properties"]
        assert queue == body_of(arm, "/queues/orders")["properties"]
        assert queue == body_of(arm, "/queues/answers")["properties"]

    def test_makes_room_for_large_messages_in_premium(self) -> None:
        """Premium is bought in units, and takes messages of 100 MiB."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=QUEUE, service_bus_sku="Premium"))

        assert {"name": "Premium", "tier": "Premium", "capacity": 1} == body_of(arm, "/namespaces/iris-bus")["sku"]
        assert 102400 == body_of(arm, "/queues/orders")["properties"]["maxMessageSizeInKilobytes"]

    def test_connects_by_identity_to_the_namespace(self) -> None:
        """The host name comes from the live namespace, not from a guess at its cloud."""
        arm = made(QUEUE)

        assert {
            "__fullyQualifiedNamespace": "iris-bus.servicebus.test",
            "__credential": "managedidentity",
            "__clientId": client_id(arm),
        } == connection(arm)

    def test_names_a_port_that_is_not_the_usual_one(self) -> None:
        """A namespace that answers elsewhere than at 443 is named with its port."""
        arm = made(QUEUE)
        namespace = next(value for key, value in arm.resources.items() if key.endswith("/namespaces/iris-bus"))
        namespace["properties"]["serviceBusEndpoint"] = "https://localhost:5671/"

        applied(arm, planned(arm, trigger=QUEUE))

        assert "localhost:5671" == connection(arm)["__fullyQualifiedNamespace"]

    def test_gives_each_queue_its_own_role(self) -> None:
        """The app may receive from one queue and send to the other, and nothing else in the namespace."""
        roles = [role for role in wanted(trigger=QUEUE).roles if "ServiceBus" in role.scope]

        assert [
            ("Azure Service Bus Data Receiver", "orders"),
            ("Azure Service Bus Data Sender", "answers"),
        ] == [(role.name, role.scope.rpartition("/queues/")[2]) for role in roles]

    def test_needs_no_output(self) -> None:
        """Without an output queue there is one queue and one role on it."""
        changes = planned(FakeArm(), trigger=ServiceBusQueueTrigger("orders", None)).changes

        assert ["orders"] == [change.name for change in changes if change.kind == "Service Bus queue"]
        assert not [change for change in changes if "Sender" in change.name]

    def test_speaks_of_a_queue_with_a_slash_as_resource_manager_does(self) -> None:
        """It writes `~` for the slash. A role on such a queue does not count, so the namespace gets it."""
        arm = FakeArm()
        trigger = ServiceBusQueueTrigger("desk/orders", None)
        applied(arm, planned(arm, trigger=trigger))

        scopes = [role.scope for role in wanted(trigger=trigger).roles if "ServiceBus" in role.scope]

        assert body_of(arm, "/queues/desk~orders")
        assert ["iris-bus"] == [scope.rpartition("/")[2] for scope in scopes]
        assert not planned(arm, trigger=trigger).has_changes

    def test_registers_the_provider(self) -> None:
        """Microsoft.ServiceBus is registered before the namespace is made; for other triggers nobody asks for it."""
        arm, other = FakeArm(), FakeArm()
        arm.unregistered = other.unregistered = {"microsoft.servicebus"}

        applied(arm, planned(arm, trigger=QUEUE))

        assert arm.writes.index("POST register") < arm.writes.index("PUT iris-bus")
        assert not [change for change in planned(other, trigger=BLOB).changes if change.kind == "resource provider"]


class TestASecondRun:
    @pytest.mark.parametrize("trigger", [BLOB, QUEUE], ids=["blob", "queue"])
    def test_writes_nothing(self, trigger: Any) -> None:
        """With nothing changed, everything is kept."""
        arm = made(trigger)

        second = planned(arm, trigger=trigger)

        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == arm.writes

    def test_makes_a_container_that_went_away(self) -> None:
        """What is missing is made again; the app, which has all its settings, is not touched."""
        arm = made(BLOB)
        removed(arm, "/containers/output")
        second = planned(arm, trigger=BLOB)

        applied(arm, second)

        assert ["PUT output"] == arm.writes

    def test_makes_a_queue_and_its_role_that_went_away(self) -> None:
        """Azure deletes a queue's roles with it."""
        arm = made(QUEUE)
        removed(arm, "/queues/answers")

        second = planned(arm, trigger=QUEUE)

        assert ["answers", "Azure Service Bus Data Sender on answers"] == [
            change.name for change in second.changes if change.action is Action.CREATE
        ]

    def test_keeps_a_namespace_and_queues_of_another_make(self) -> None:
        """A namespace of another tier and a queue with another lock are used as they are."""
        arm = made(QUEUE, service_bus_sku="Premium")
        queue = next(value for key, value in arm.resources.items() if key.endswith("/queues/orders"))
        queue["properties"] |= {"lockDuration": "PT30S", "maxDeliveryCount": 3}

        assert not planned(arm, trigger=QUEUE).has_changes

    def test_makes_a_queue_as_the_namespace_that_is_there_allows(self) -> None:
        """The tier that counts is the live one."""
        arm = made(QUEUE, service_bus_sku="Premium")
        removed(arm, "/queues/")

        applied(arm, planned(arm, trigger=QUEUE))

        assert 102400 == body_of(arm, "/queues/orders")["properties"]["maxMessageSizeInKilobytes"]


class TestAChangeOfTrigger:
    def test_takes_the_old_connection_out(self) -> None:
        """The settings of the blob trigger go with the same write that brings those of the queue trigger."""
        arm = made(BLOB)
        second = planned(arm, trigger=QUEUE)
        app = next(change for change in second.changes if change.kind == "function app")

        applied(arm, second)

        assert {"__fullyQualifiedNamespace", "__credential", "__clientId"} == set(connection(arm))
        assert {
            "app setting `TriggerConnectionString__blobServiceUri`": ("***", "removed"),
            "app setting `TriggerConnectionString__fullyQualifiedNamespace`": (None, "***"),
            "app setting `TriggerConnectionString__queueServiceUri`": ("***", "removed"),
        } == {field.name: (field.before, field.after) for field in app.fields}
        assert 1 == arm.writes.count("PUT appsettings")
        assert not planned(arm, trigger=QUEUE).has_changes

    def test_to_http_leaves_no_connection(self) -> None:
        """An HTTP trigger connects to nothing; settings that were never ours stay."""
        arm = made(QUEUE)
        arm.settings["TriggerConnectionString__theirs"] = "1"

        applied(arm, planned(arm, trigger=HTTP))

        assert {"__theirs": "1"} == connection(arm)


class TestAConnectionString:
    def test_of_the_users_own_goes_before_ours(self) -> None:
        """The host would ignore identity settings beside it, so they are left out."""
        name = "AzureWebJobsTriggerConnectionString"
        arm = made(QUEUE, app_settings={name: Secret("Endpoint=sb://x/;SharedAccessKey=y")})

        assert {} == connection(arm)
        assert "Endpoint=sb://x/;SharedAccessKey=y" == arm.settings[name]
        assert not planned(arm, trigger=QUEUE, app_settings={}).has_changes

    @pytest.mark.parametrize(
        ("trigger", "value", "service"),
        [
            (BLOB, "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=hidden", "a storage account"),
            (QUEUE, "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=hidden", "a Service Bus namespace"),
        ],
        ids=["blob", "queue"],
    )
    def test_of_another_service_is_refused(self, trigger: Any, value: str, service: str) -> None:
        """One that was left over from another trigger would keep the new one from listening."""
        arm = made(HTTP)
        arm.settings["AzureWebJobsTriggerConnectionString"] = value

        with pytest.raises(PlanRefused, match=f"not one of {service}") as caught:
            planned(arm, trigger=trigger)

        assert "hidden" not in str(caught.value)


class TestSettingsInPaths:
    TRIGGER = BlobTrigger("%IN%/{name}.json", "%IN%-out/%PREFIX%/{name}")
    SETTINGS: ClassVar = {"In": Secret("arrivals"), "PREFIX": Secret("scored")}

    def test_are_filled_in_and_not_shown(self) -> None:
        """The container has the value as its name; the plan shows the setting, whose value may be a secret."""
        arm = FakeArm()
        first = planned(arm, trigger=self.TRIGGER, app_settings=self.SETTINGS)
        applied(arm, first)

        assert ["%IN%", "%IN%-out"] == [change.name for change in first.changes if change.kind == "blob container"]
        assert "arrivals" not in as_text(first)
        assert body_of(arm, "/containers/arrivals")
        assert body_of(arm, "/containers/arrivals-out")
        assert not planned(arm, trigger=self.TRIGGER, app_settings=self.SETTINGS).has_changes

    def test_may_be_those_that_the_app_has(self) -> None:
        """A setting that somebody else gave the app counts."""
        arm = made(HTTP)
        arm.settings |= {"IN": "arrivals", "PREFIX": "scored"}

        applied(arm, planned(arm, trigger=self.TRIGGER))

        assert body_of(arm, "/containers/arrivals")

    def test_that_nobody_defines_are_refused(self) -> None:
        """Each is named with the input that needs it, before anything is written."""
        with pytest.raises(PlanRefused) as caught:
            planned(FakeArm(), trigger=self.TRIGGER)

        assert [
            ("input-path", "there is no app setting `IN` for `%IN%` in the path"),
            ("output-path", "there is no app setting `IN` for `%IN%` in the path"),
            ("output-path", "there is no app setting `PREFIX` for `%PREFIX%` in the path"),
        ] == [(problem.subject, problem.what) for problem in caught.value.problems]

    @pytest.mark.parametrize("value", ["No Container", "a", "{x}", "%OTHER%"])
    def test_that_make_no_path_are_refused(self, value: str) -> None:
        """The value is not shown: it may be a secret."""
        settings = {"IN": Secret(value), "PREFIX": Secret("x")}

        with pytest.raises(PlanRefused, match="with the value of `IN` it is no path") as caught:
            planned(FakeArm(), trigger=BlobTrigger("%IN%/{name}", None), app_settings=settings)

        assert "No Container" not in str(caught.value)

    def test_that_make_a_circle_are_refused(self) -> None:
        """Two settings with one value make each answer the next input."""
        settings = {"IN": Secret("same"), "OUT": Secret("same")}

        with pytest.raises(PlanRefused, match="would trigger the function again"):
            planned(FakeArm(), trigger=BlobTrigger("%IN%/{name}", "%OUT%/{name}.out"), app_settings=settings)


class TestWhatCannotCarryIt:
    def queue(self, name: str, **properties: Any) -> FakeArm:
        arm = made(QUEUE)
        next(value for key, value in arm.resources.items() if key.endswith(f"/queues/{name}"))["properties"] |= (
            properties
        )
        return arm

    @pytest.mark.parametrize(
        ("name", "properties", "reason"),
        [
            ("orders", {"requiresSession": True}, "requires sessions"),
            ("answers", {"requiresSession": True}, "requires sessions"),
            ("orders", {"forwardTo": "elsewhere"}, "forwards its messages to `elsewhere`, so that none"),
            ("answers", {"forwardTo": "Orders"}, "each answer would trigger the function again"),
            ("orders", {"status": "ReceiveDisabled"}, "is disabled"),
            ("answers", {"status": "Disabled"}, "is disabled"),
        ],
    )
    def test_a_queue_is_refused_with_its_reason(self, name: str, properties: dict[str, Any], reason: str) -> None:
        """A queue that cannot be received from, or sent to, is found before anything is written."""
        with pytest.raises(PlanRefused, match=f"the queue `{name}`.*{reason}"):
            planned(self.queue(name, **properties), trigger=QUEUE)

    @pytest.mark.parametrize(
        ("name", "properties"), [("answers", {"forwardTo": "archive"}), ("orders", {"status": "SendDisabled"})]
    )
    def test_a_queue_that_will_do_is_kept(self, name: str, properties: dict[str, Any]) -> None:
        """Answers may move on, and others need not be able to send."""
        assert not planned(self.queue(name, **properties), trigger=QUEUE).has_changes

    def test_a_namespaces_name_that_is_taken_is_refused(self) -> None:
        """Names are unique in all of Azure."""
        arm = FakeArm()
        arm.namespace_refusal = "The specified name is not available."

        with pytest.raises(PlanRefused, match=r"not available. Set `service-bus-namespace` to another name"):
            planned(arm, trigger=QUEUE)

    def test_a_namespace_that_is_not_active_is_refused(self) -> None:
        """One that is disabled, or still being made, has no working queues."""
        arm = made(QUEUE)
        namespace = next(value for key, value in arm.resources.items() if key.endswith("/namespaces/iris-bus"))
        namespace["properties"]["status"] = "Disabled"

        with pytest.raises(PlanRefused, match="is not active, it is Disabled"):
            planned(arm, trigger=QUEUE)

    def test_a_data_account_without_queues_is_refused(self) -> None:
        """The trigger puts blobs that it cannot score into a queue; tables it does not need."""
        arm = made(BLOB)
        account = next(value for key, value in arm.resources.items() if key.endswith("/irisdata"))
        account["properties"]["primaryEndpoints"] = {"blob": "https://irisdata.blob.test/"}

        with pytest.raises(PlanRefused, match=r"no queue service, which the trigger needs. Set `data-storage-account`"):
            planned(arm, trigger=BLOB)

    def test_a_data_accounts_name_that_is_taken_is_refused(self) -> None:
        """Both accounts are told, each with its own input."""
        arm = FakeArm()
        arm.name_refusal = "taken"

        with pytest.raises(PlanRefused) as caught:
            planned(arm, trigger=BLOB)

        assert ["storage-account", "data-storage-account"] == [problem.subject for problem in caught.value.problems]


class TestAWriteThatFails:
    def test_waits_for_a_busy_namespace(self) -> None:
        """A conflict on a queue passes: it is tried again after a short pause."""
        arm = FakeArm()
        slept: list[float] = []
        resource_plan = planned(arm, trigger=ServiceBusQueueTrigger("orders", None))
        arm.fail("PUT", "/queues/orders$", CONFLICT, 2)

        applied(arm, resource_plan, sleep=slept.append)

        assert [2.0, 4.0] == slept

    def test_gives_up_on_a_namespace_that_stays_busy(self) -> None:
        """After some minutes the conflict is told, with what was not reached."""
        arm = FakeArm()
        resource_plan = planned(arm, trigger=QUEUE)
        arm.fail("PUT", "/queues/orders$", CONFLICT, 99)

        with pytest.raises(ApplyIncomplete, match="Azure is still changing the queue") as caught:
            applied(arm, resource_plan)

        assert "not reached: the role assignment `Azure Service Bus Data Receiver on orders`" in caught.value.detail
        assert "created: the Service Bus queue `answers`" in caught.value.detail

    def test_does_not_wait_for_another_conflict(self) -> None:
        """Only the two conflicts that pass by themselves are waited for."""
        arm = FakeArm()
        slept: list[float] = []
        resource_plan = planned(arm, trigger=QUEUE)
        arm.fail("PUT", "/queues/orders$", arm_error(409, "Conflict", "SubCode=40902. Too many queues."))

        with pytest.raises(ApplyIncomplete):
            applied(arm, resource_plan, sleep=slept.append)

        assert [] == slept

    def test_adopts_a_namespace_that_a_lost_answer_made(self) -> None:
        """A 409 for a namespace that is in our own group is success."""
        arm = FakeArm()
        resource_plan = planned(arm, trigger=QUEUE)
        applied(arm, resource_plan)
        namespace = next(key for key in arm.resources if key.endswith("/namespaces/iris-bus"))
        arm.resources = {namespace: arm.resources[namespace]}
        arm.fail("PUT", "/iris-bus$", arm_error(409, "Conflict", "The namespace exists."))

        assert applied(arm, resource_plan).changed
