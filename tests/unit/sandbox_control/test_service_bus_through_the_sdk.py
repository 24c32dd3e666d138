"""Microsoft.ServiceBus through the Azure SDK's own client: codes, waiting, shapes, limits; and what the broker asks."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.servicebus import ServiceBusManagementClient

from azure_sandbox.arm.authorization.definitions import SERVICE_BUS_DATA_RECEIVER
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.operations import Durations
from azure_sandbox.arm.service_bus.queues import FOREVER
from azure_sandbox.arm.service_bus.state import ServiceBusNamespaces
from azure_sandbox.arm.store import Store
from azure_sandbox.contract import QueueDefinition
from support.fake_data_plane import FakeServiceBus
from support.sdk_errors import error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.sandbox_control.conftest import Cloud

STANDARD = {"location": "westeurope", "sku": {"name": "Standard", "tier": "Standard"}}
PREMIUM = {"location": "westeurope", "sku": {"name": "Premium", "tier": "Premium", "capacity": 1}}
ROOT = "RootManageSharedAccessKey"
NAME = "contoso-bus"


@pytest.fixture
def bus(cloud: Cloud) -> Any:
    """The SDK's client, in a cloud with the group `bus`."""
    cloud.new_group("bus")
    return cloud.client(ServiceBusManagementClient)


@pytest.fixture
def namespace(bus: Any) -> Any:
    """A namespace of the tier Standard."""
    return bus.namespaces.begin_create_or_update("bus", NAME, STANDARD).result()


def broker(cloud: Cloud) -> FakeServiceBus:
    found = cloud.sandbox.data.service_bus
    assert isinstance(found, FakeServiceBus)
    return found


class TestNamespaces:
    def test_a_namespace_lives_from_put_to_delete(self, cloud: Cloud, bus: Any, namespace: Any) -> None:
        """The SDK waits by its state, reads the endpoint, finds it in both lists, and deletes it with its broker."""
        authority = broker(cloud).create_namespace(NAME)
        lists = bus.namespaces.list_by_resource_group("bus"), bus.namespaces.list()

        assert ("Succeeded", "Active") == (namespace.provisioning_state, namespace.status)
        assert (f"https://{authority}/", "West Europe") == (namespace.service_bus_endpoint, namespace.location)
        assert [[NAME], [NAME]] == [[one.name for one in found] for found in lists]

        bus.namespaces.begin_delete("bus", NAME).result()

        assert NAME not in broker(cloud).namespaces
        assert (404, "ResourceNotFound") == error_of(lambda: bus.namespaces.get("bus", NAME))

    def test_a_new_namespace_is_not_active_at_once(self, make_cloud: Callable[..., Cloud]) -> None:
        """Created and Activating until its time is over: no queue can be made before that."""
        cloud = make_cloud(durations=Durations(service_bus=1.0))
        cloud.new_group("slow")
        bus = cloud.client(ServiceBusManagementClient)
        poller = bus.namespaces.begin_create_or_update("slow", NAME, STANDARD)
        early = bus.namespaces.get("slow", NAME)
        with pytest.raises(HttpResponseError, match="SubCode=40901") as refused:
            bus.queues.create_or_update("slow", NAME, "input", {})

        assert ("Created", "Activating", 409) == (early.provisioning_state, early.status, refused.value.status_code)
        assert "Succeeded" == poller.result().provisioning_state
        assert "input" == bus.queues.create_or_update("slow", NAME, "input", {}).name

    def test_a_second_put_and_a_patch_change_it(self, bus: Any, namespace: Any) -> None:
        """Tags and tier change, the broker stays; between Standard and Premium there is no way."""
        wanted = {**STANDARD, "tags": {"a": "b"}}
        again = bus.namespaces.begin_create_or_update("bus", NAME.upper(), wanted).result()
        changed = bus.namespaces.update("bus", NAME, {"sku": {"name": "Basic", "tier": "Basic"}})

        assert (namespace.service_bus_endpoint, {"a": "b"}) == (again.service_bus_endpoint, again.tags)
        assert ("Basic", {"a": "b"}) == (changed.sku.tier, changed.tags)
        assert (400, "BadRequest") == error_of(lambda: bus.namespaces.update("bus", NAME, {"sku": PREMIUM["sku"]}))

    @pytest.mark.usefixtures("namespace")
    def test_names_are_checked(self, cloud: Cloud, bus: Any) -> None:
        """Free, ours in another case, somebody else's, and no names; a PUT says the same."""
        cloud.sandbox.arm.service_bus.take_name("foreign-bus")
        cloud.new_group("elsewhere")
        invalid = ("short", "1digit", "ends-in-", "contoso-sb", "contoso-mgmt", "under_score", "x" * 51)
        expected = {"CONTOSO-bus": "NameInUse", "foreign-bus": "NameInUse", **dict.fromkeys(invalid, "InvalidName")}
        answers = {name: bus.namespaces.check_name_availability({"name": name}) for name in ("free-name", *expected)}
        begin = bus.namespaces.begin_create_or_update
        refused = [error_of(partial(begin, "elsewhere", name, STANDARD)) for name in expected]

        assert {"free-name": "None", **expected} == {name: answer.reason for name, answer in answers.items()}
        assert ["free-name"] == [name for name, answer in answers.items() if answer.name_available]
        assert {(400, "BadRequest")} == set(refused)

    def test_an_unknown_tier_is_refused(self, bus: Any) -> None:
        """The SKU must be one of three, and agree with the tier."""
        begin = bus.namespaces.begin_create_or_update
        for sku in ({"name": "Free"}, {"name": "Basic", "tier": "Premium"}, {"name": "Premium", "capacity": 3}):
            assert (400, "BadRequest") == error_of(partial(begin, "bus", NAME, {**STANDARD, "sku": sku}))

    def test_an_unregistered_provider_makes_none(self, cloud: Cloud, bus: Any) -> None:
        """Microsoft.ServiceBus has to be registered in the subscription."""
        cloud.sandbox.arm.providers.unregister("Microsoft.ServiceBus")
        path = f"{cloud.subscription}/resourceGroups/bus/providers/Microsoft.ServiceBus/namespaces/{NAME}"
        answer = cloud.call("PUT", path, STANDARD)

        assert (409, "MissingSubscriptionRegistration") == (answer.status_code, answer.json()["error"]["code"])


@pytest.mark.usefixtures("namespace")
class TestQueues:
    def test_a_queue_has_the_services_defaults(self, cloud: Cloud, bus: Any) -> None:
        """A minute's lock, ten deliveries, no end: on the wire, and for the broker."""
        made = bus.queues.create_or_update("bus", NAME, "Input", {})
        wire = cloud.call("GET", made.id).json()["properties"]

        assert (dt.timedelta(minutes=1), 10, 1024, 256) == (
            made.lock_duration,
            made.max_delivery_count,
            made.max_size_in_megabytes,
            made.max_message_size_in_kilobytes,
        )
        assert ("PT1M", FOREVER, "Active") == (wire["lockDuration"], wire["defaultMessageTimeToLive"], wire["status"])
        assert (0, 0, 0) == (
            wire["messageCount"],
            wire["countDetails"]["activeMessageCount"],
            wire["countDetails"]["deadLetterMessageCount"],
        )
        assert QueueDefinition("Input") == broker(cloud).namespaces[NAME]["input"]

    def test_what_is_asked_for_reaches_the_broker(self, cloud: Cloud, bus: Any) -> None:
        """Durations become seconds, kilobytes bytes; a second PUT changes the queue and keeps its name's case."""
        wanted = {
            "lockDuration": "PT5M",
            "maxDeliveryCount": 3,
            "defaultMessageTimeToLive": "P1DT1H",
            "deadLetteringOnMessageExpiration": True,
        }
        bus.queues.create_or_update("bus", NAME, "Input", {})
        bus.queues.create_or_update("bus", NAME, "INPUT", {"properties": wanted})
        names = [queue.name for queue in bus.queues.list_by_namespace("bus", NAME)]

        assert ["Input"] == names
        assert QueueDefinition("Input", 300.0, 3, 262_144, 90_000.0, True) == broker(cloud).namespaces[NAME]["input"]

    def test_names_are_compared_without_regard_to_case(self, cloud: Cloud, bus: Any) -> None:
        """GET and DELETE find a queue in any case; what is gone is gone for the broker, too."""
        bus.queues.create_or_update("bus", NAME, "Input", {})

        assert "Input" == bus.queues.get("bus", NAME, "iNPUT").name

        bus.queues.delete("bus", NAME, "INPUT")

        assert {} == broker(cloud).namespaces[NAME]
        assert (404, "MessagingGatewayNotFoundStatusCode") == error_of(lambda: bus.queues.get("bus", NAME, "Input"))

    def test_what_no_queue_has_is_refused(self, cloud: Cloud, bus: Any) -> None:
        """Locks over five minutes, large messages outside Premium, made-up members, odd names: 400, and no queue."""
        odd: list[dict[str, Any]] = [
            *({"lockDuration": text} for text in ("PT5M1S", "PT1S", "5 minutes", "P1M")),
            {"maxDeliveryCount": 0},
            {"maxSizeInMegabytes": 1000},
            {"maxMessageSizeInKilobytes": 1024},
            {"defaultMessageTimeToLive": "PT0S"},
            {"noSuchThing": 1},
        ]
        wanted = [("input", properties) for properties in odd]
        wanted += [(name, {}) for name in ("-input", "input.", "in put", "x" * 261)]
        put = bus.queues.create_or_update
        refused = [error_of(partial(put, "bus", NAME, name, {"properties": body})) for name, body in wanted]

        assert [(400, "MessagingGatewayBadRequest")] * len(wanted) == refused
        assert {} == broker(cloud).namespaces[NAME]

    def test_what_the_broker_has_not_is_not_pretended(self, bus: Any) -> None:
        """Sessions answer 501."""
        assert (501, "NotCoveredBySandbox") == error_of(
            lambda: bus.queues.create_or_update("bus", NAME, "input", {"properties": {"requiresSession": True}})
        )

    def test_premium_takes_large_messages(self, cloud: Cloud, bus: Any) -> None:
        """1 MiB when nobody asks, 100 MiB at most."""
        bus.namespaces.begin_create_or_update("bus", "contoso-premium", PREMIUM).result()
        put = bus.queues.create_or_update
        put("bus", "contoso-premium", "one", {})
        put("bus", "contoso-premium", "two", {"properties": {"maxMessageSizeInKilobytes": 102_400}})
        sizes = [queue.max_message_bytes for queue in broker(cloud).namespaces["contoso-premium"].values()]

        assert [1024 * 1024, 100 * 1024 * 1024] == sizes
        assert (400, "MessagingGatewayBadRequest") == error_of(
            lambda: put("bus", "contoso-premium", "three", {"properties": {"maxMessageSizeInKilobytes": 102_401}})
        )


@pytest.mark.usefixtures("namespace")
class TestRulesAndKeys:
    def test_a_namespace_has_a_root_rule(self, bus: Any, namespace: Any) -> None:
        """It may do everything, and its connection strings name the broker's address."""
        rules = list(bus.namespaces.list_authorization_rules("bus", NAME))
        keys = bus.namespaces.list_keys("bus", NAME, ROOT)
        endpoint = namespace.service_bus_endpoint.replace("https://", "sb://")

        assert [(ROOT, ["Listen", "Manage", "Send"])] == [(rule.name, rule.rights) for rule in rules]
        assert f"Endpoint={endpoint};SharedAccessKeyName={ROOT};SharedAccessKey={keys.primary_key}" == (
            keys.primary_connection_string
        )

    def test_a_queue_has_rules_of_its_own(self, cloud: Cloud, bus: Any) -> None:
        """Their connection strings name the queue; the broker finds them by names in any case."""
        bus.queues.create_or_update("bus", NAME, "Input", {})
        rule = {"properties": {"rights": ["Listen"]}}
        bus.queues.create_or_update_authorization_rule("bus", NAME, "input", "listener", rule)
        keys = bus.queues.list_keys("bus", NAME, "input", "listener")
        names = [one.name for one in bus.queues.list_authorization_rules("bus", NAME, "input")]
        found = cloud.sandbox.arm.service_bus.rule(NAME.upper(), "INPUT", "Listener")

        assert ["listener"] == names
        assert keys.primary_connection_string.endswith(f"SharedAccessKey={keys.primary_key};EntityPath=Input")
        assert found is not None
        assert ((keys.primary_key, keys.secondary_key), frozenset({"Listen"})) == (found.keys, found.rights)
        assert cloud.sandbox.arm.service_bus.rule(NAME, None, "listener") is None

        bus.queues.delete_authorization_rule("bus", NAME, "input", "LISTENER")

        assert cloud.sandbox.arm.service_bus.rule(NAME, "input", "listener") is None

    def test_keys_are_renewed_one_at_a_time(self, bus: Any) -> None:
        """A new primary key leaves the secondary one as it was, and may be given; changed rights keep both."""
        before = bus.namespaces.list_keys("bus", NAME, ROOT)
        after = bus.namespaces.regenerate_keys("bus", NAME, ROOT, {"keyType": "PrimaryKey"})
        given = bus.namespaces.regenerate_keys("bus", NAME, ROOT, {"keyType": "SecondaryKey", "key": "chosen"})

        assert before.primary_key != after.primary_key
        assert before.secondary_key == after.secondary_key
        assert (after.primary_key, "chosen") == (given.primary_key, given.secondary_key)

    def test_rights_have_rules(self, bus: Any) -> None:
        """None, unknown ones, and Manage without the others are refused."""
        put = bus.namespaces.create_or_update_authorization_rule
        for rights in ([], ["Read"], ["Manage"]):
            body = {"properties": {"rights": rights}}

            assert (400, "MessagingGatewayBadRequest") == error_of(partial(put, "bus", NAME, "odd", body))

    def test_keys_can_be_switched_off(self, cloud: Cloud, bus: Any) -> None:
        """With local authentication disabled the broker is told that no key counts."""
        bus.namespaces.update("bus", NAME, {"properties": {"disableLocalAuth": True}})

        assert not cloud.sandbox.arm.service_bus.door(NAME).takes_keys


@pytest.mark.usefixtures("namespace")
class TestNetworks:
    """Rules that say from where one may come."""

    NET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/Net"

    def test_a_namespace_has_a_rule_set_that_lets_everybody_in(self, cloud: Cloud, bus: Any) -> None:
        """Denying alone changes nothing: there has to be a rule."""
        first = bus.namespaces.get_network_rule_set("bus", NAME)
        bus.namespaces.update("bus", NAME, {"sku": {"name": "Standard"}})

        assert ("default", "Allow", "Enabled") == (first.name, first.default_action, first.public_network_access)
        assert cloud.sandbox.arm.service_bus.door(NAME).network.open_to_all

    def test_rules_are_for_premium_namespaces(self, bus: Any) -> None:
        """A Standard namespace refuses them."""
        body = {"properties": {"defaultAction": "Deny", "ipRules": [{"ipMask": "198.51.100.1"}]}}

        assert (400, "BadRequest") == error_of(
            lambda: bus.namespaces.create_or_update_network_rule_set("bus", NAME, body)
        )

    def test_each_rule_counts(self, cloud: Cloud, bus: Any) -> None:
        """Addresses, subnets, and private endpoints where the public network is off."""
        bus.namespaces.begin_create_or_update(
            "bus", "premium-bus", {"location": "westeurope", "sku": {"name": "Premium"}}
        ).result()
        put = bus.namespaces.create_or_update_network_rule_set
        put("bus", "premium-bus", {"properties": {"defaultAction": "Deny"}})
        alone = cloud.sandbox.arm.service_bus.door("premium-bus").network
        properties = {
            "defaultAction": "Deny",
            "publicNetworkAccess": "Disabled",
            "ipRules": [{"ipMask": "198.51.100.1"}],
            "virtualNetworkRules": [{"subnet": {"id": f"{self.NET}/subnets/Apps"}}],
        }
        put("bus", "premium-bus", {"properties": properties})
        cloud.sandbox.arm.service_bus.connect("premium-bus", self.NET)
        found = cloud.sandbox.arm.service_bus.door("premium-bus").network
        shown = bus.namespaces.get("bus", "premium-bus")

        assert (True, True) == (alone.public, alone.open_to_all)
        assert (False, False) == (found.public, found.open_to_all)
        assert (("198.51.100.1",), frozenset({f"{self.NET}/subnets/Apps".lower()})) == (found.addresses, found.subnets)
        assert frozenset({self.NET.lower()}) == found.private_networks
        assert ("Disabled", 1) == (shown.public_network_access, len(shown.private_endpoint_connections))


class TestRoles:
    def test_a_role_on_a_queue_counts_there(self, cloud: Cloud, bus: Any, namespace: Any) -> None:
        """The broker looks roles up at the queue's ARM id: held on the queue or on the namespace."""
        for name in ("one", "two"):
            bus.queues.create_or_update("bus", NAME, name, {})
        one, two = (cloud.sandbox.arm.service_bus.queue_id(NAME.upper(), name) or "" for name in ("ONE", "two"))
        principal = cloud.sandbox.directory.add_managed_identity("reader", "/x").object_id
        cloud.sandbox.roles.grant(principal, SERVICE_BUS_DATA_RECEIVER, one)
        held = [SERVICE_BUS_DATA_RECEIVER in cloud.sandbox.roles.roles(principal, scope) for scope in (one, two)]
        cloud.sandbox.roles.grant(principal, SERVICE_BUS_DATA_RECEIVER, namespace.id)

        assert f"{namespace.id}/queues/one" == one
        assert [True, False] == held
        assert SERVICE_BUS_DATA_RECEIVER in cloud.sandbox.roles.roles(principal, two)
        assert cloud.sandbox.arm.service_bus.queue_id(NAME, "three") is None

    def test_tokens_for_service_bus_are_issued_and_checked(self, cloud: Cloud) -> None:
        """The audience with and without its last slash; a token for storage does not do."""
        directory, client = cloud.sandbox.directory, cloud.sandbox.endpoints.client_id
        token = directory.issue_token(client, "https://servicebus.azure.net")
        ends = cloud.sandbox.endpoints
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": ends.client_secret,
            "scope": "https://servicebus.azure.net//.default",
        }
        url = f"{ends.authority}/{ends.tenant_id}/oauth2/v2.0/token"
        issued = cloud.session.post(url, data=form, timeout=10).json()["access_token"]
        audiences = ("https://servicebus.azure.net", "https://servicebus.azure.net/")
        found = {
            directory.principal_of_token(one, audience).client_id for one in (token, issued) for audience in audiences
        }

        assert {client} == found


class AskingBroker(FakeServiceBus):
    """While it makes something, it answers a client that connects: it asks for a rule, from another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.access: ServiceBusNamespaces | None = None
        self.told: list[bool] = []

    def create_namespace(self, name: str) -> str:
        self._ask()
        return super().create_namespace(name)

    def put_queue(self, namespace: str, definition: QueueDefinition) -> None:
        self._ask()
        super().put_queue(namespace, definition)

    def _ask(self) -> None:
        access = self.access
        assert access is not None
        asked = threading.Thread(
            target=lambda: self.told.append(access.rule(NAME, None, ROOT) is not None), daemon=True
        )
        asked.start()
        asked.join(5)


class TestBroker:
    def test_it_may_ask_while_it_is_told(self) -> None:
        """A change that waits for the broker does not keep the broker waiting for an answer."""
        emulator = AskingBroker()
        namespaces = emulator.access = ServiceBusNamespaces(Store(), emulator)
        resource_id = ResourceId("s", "g", "Microsoft.ServiceBus", ("namespaces",), (NAME,))
        namespace, _ = namespaces.put(resource_id, STANDARD)
        namespaces.finish(namespace)
        namespaces.put_queue(namespace, "input", {})

        assert [False, True] == emulator.told
