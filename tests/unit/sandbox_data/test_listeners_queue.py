"""Service Bus queue triggers: real apps in the process engine, the sandbox's broker, and Azure's own client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.servicebus import ServiceBusMessage

from azure_sandbox.contract import AccessRule, QueueDefinition
from azure_sandbox.service_bus import ServiceBusBroker
from support.service_bus import Links, client_for, connection_string

from .cloud import PULL, WWWROOT, Cloud
from .conftest import REGISTRY_ID, SUBSCRIPTION, FakeDirectory, FakeRoles, OpenDoor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.servicebus import ServiceBusReceivedMessage

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import SiteDefinition
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court

pytestmark = pytest.mark.exhaustive

RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
KEY = "a2V5"
NAMESPACE_ID = f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/bus"
ECHO = """
import json
import azure.functions as func

def main(message: func.ServiceBusMessage) -> str:
    body = message.get_body().decode()
    if "bad" in body:
        raise ValueError("the model cannot have this")
    return json.dumps({
        "body": body, "id": message.message_id, "count": message.delivery_count, "type": message.content_type,
        "correlation": message.correlation_id, "label": message.label, "reply_to": message.reply_to, "to": message.to,
        "number": message.sequence_number, "own": message.application_properties, "user": message.user_properties,
        "enqueued": message.enqueued_time_utc.isoformat(), "expires": message.expires_at_utc is not None,
    })
"""
RAW = """
import azure.functions as func

def main(message: bytes, out: func.Out[bytes]) -> None:
    out.set(message[::-1])
"""
SLOW = """
import threading, time

running = 0

def main(message: bytes) -> None:
    global running
    running += 1
    print(f"running {running}")
    time.sleep(float(message))
    running -= 1
"""


class Access(OpenDoor):
    """One rule for the whole namespace; queues exist as ARM resources."""

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:
        return AccessRule((KEY, KEY), frozenset({"Manage"})) if name == "root" and queue is None else None

    def queue_id(self, namespace: str, queue: str) -> str | None:
        return f"{NAMESPACE_ID}/queues/{queue}"


def trigger(queue: str, connection: str = "Bus", **more: object) -> dict[str, object]:
    given = {"type": "serviceBusTrigger", "direction": "in", "name": "message", "queueName": queue}
    return {**given, "connection": connection, **more}


def output(name: str, queue: str, connection: str = "Bus", **more: object) -> dict[str, object]:
    given = {"type": "serviceBus", "direction": "out", "name": name, "queueName": queue}
    return {**given, "connection": connection, **more}


def app() -> dict[str, str | bytes]:
    binary = {"dataType": "binary"}
    functions: dict[str, tuple[str, list[dict[str, object]]]] = {
        "echo": (ECHO, [trigger("%Requests%"), output("$return", "answers")]),
        "raw": (RAW, [trigger("raw", "Keyed", **binary), output("out", "answers", "Keyed", **binary)]),
        "slow": (SLOW, [trigger("slow", "Keyed", **binary)]),
        "late": (RAW, [trigger("late", "Keyed"), output("out", "answers", "Keyed")]),
        "lost": (RAW, [trigger("raw", "Nowhere"), output("out", "answers", "Keyed")]),
        "deaf": (SLOW, [trigger("unheard", "Dead")]),
        "torn": (SLOW, [trigger("unread", "Torn")]),
    }
    host = {"extensions": {"serviceBus": {"maxConcurrentCalls": 1, "maxAutoLockRenewalDuration": "00:01:00"}}}
    files: dict[str, str | bytes] = {f"{WWWROOT}/host.json": json.dumps({"version": "2.0", **host})}
    for name, (script, bindings) in functions.items():
        files[f"{WWWROOT}/{name}/function.json"] = json.dumps({"bindings": bindings})
        files[f"{WWWROOT}/{name}/__init__.py"] = script
    return files


class Bus:
    """A namespace with its queues, and the app that listens there."""

    def __init__(self, cloud: Cloud, tls: TlsFiles, broker: ServiceBusBroker, host: str) -> None:
        self.cloud, self.broker = cloud, broker
        self.text = connection_string(host, "root", KEY)
        self.links = Links(client_for(self.text, host, tls.ca_file))
        self.site: SiteDefinition

    def send(self, queue: str, body: bytes | str, **properties: Any) -> None:
        self.links.sender(queue).send_messages(ServiceBusMessage(body, **properties))

    def receive(self, queue: str, sub_queue: str | None = None) -> ServiceBusReceivedMessage:
        receiver = self.links.receiver(queue, sub_queue)
        messages = receiver.receive_messages(max_message_count=1, max_wait_time=20)
        assert messages, self.cloud.platform.log(self.site.resource_id)
        receiver.complete_message(messages[0])
        return messages[0]

    def wait_log(self, text: str) -> str:
        log = self.cloud.platform.log
        self.cloud.wait(lambda: text in log(self.site.resource_id), self.site, 30)
        return log(self.site.resource_id)

    def failures(self, queue: str) -> list[list[str]]:
        """Head, message and exception of each try in vain."""
        lines = self.cloud.platform.log(self.site.resource_id).splitlines()
        words = f"Message processing error (Action=Receive, EntityPath={queue},"
        return [lines[at - 1 : at + 2] for at, line in enumerate(lines) if words in line]

    def status(self, function: str) -> dict[str, Any]:
        path = f"/admin/functions/{function}/status"
        answer = self.cloud.platform.ask_host(self.site.resource_id, "GET", path)
        assert answer is not None
        return dict(json.loads(answer[1]))


@pytest.fixture(scope="module")
def bus(
    tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles, azurite: AzuriteStorage, court: Court
) -> Iterator[Bus]:
    directory, roles = FakeDirectory(), FakeRoles()
    cloud = Cloud(tmp_path_factory.mktemp("cloud"), tls, directory, roles, azurite, court=court, engine="process")
    cloud.give(REGISTRY_ID, PULL)
    folder = tmp_path_factory.mktemp("broker")
    broker = ServiceBusBroker(folder, tls, access=Access, directory=directory, roles=roles)
    host = broker.create_namespace("bus")
    for queue in ("requests", "answers", "raw"):
        broker.put_queue("bus", QueueDefinition(queue, max_delivery_count=2, max_message_bytes=100 << 20))
    broker.put_queue("bus", QueueDefinition("slow", lock_seconds=3))
    made = Bus(cloud, tls, broker, host)
    settings = {
        "Bus__fullyQualifiedNamespace": host,
        "Bus__credential": "managedidentity",
        "Bus__clientId": cloud.identity.client_id,
        "Keyed": made.text,
        "Dead": "Endpoint=sb://nobody.invalid/;SharedAccessKeyName=root;SharedAccessKey=a2V5",
        "Torn": "SharedAccessKeyName=root;SharedAccessKey=a2V5",
        "Keyed__fullyQualifiedNamespace": "nowhere.example",
        "Requests": "requests",
    }
    made.site = cloud.site("messages", cloud.push(app()), **settings)
    cloud.platform.apply(made.site)
    cloud.wait_functions(made.site)
    for seconds in (b"3.3", b"0"):  # the first test to need them is the last
        made.send("slow", seconds)
    yield made
    made.links.__exit__()
    cloud.close()
    broker.close()


class TestQueueTrigger:
    def test_a_missing_right_or_queue_is_told_in_the_log_alone(self, bus: Bus) -> None:
        """Again with each try; once it is there, messages come."""
        bus.cloud.wait(lambda: min(len(bus.failures("requests")), len(bus.failures("late"))) > 1, bus.site, 30)
        host = bus.broker.create_namespace("bus")
        denied, missing = bus.failures("requests")[0], bus.failures("late")[0]
        statuses = [bus.status(one) for one in ("echo", "late")]
        bus.cloud.give(f"{NAMESPACE_ID}/queues/requests", RECEIVER)
        bus.cloud.give(f"{NAMESPACE_ID}/queues/answers", SENDER)
        bus.broker.put_queue("bus", QueueDefinition("late"))
        bus.send("requests", "first")
        first = json.loads(b"".join(bus.receive("answers").body))
        bus.send("late", b"abc")
        late = b"".join(bus.receive("answers").body)

        assert ("first", b"cba") == (first["body"], late)
        assert [{}, {}] == statuses
        assert "fail: Function.echo[0]" == denied[0]
        assert f"      Message processing error (Action=Receive, EntityPath=requests, Endpoint={host})" == denied[1]
        assert denied[2].startswith("      System.UnauthorizedAccessException: ")
        assert "'Listen' claim(s) are required" in denied[2]
        assert "fail: Function.late[0]" == missing[0]
        assert missing[2].startswith("      Azure.Messaging.ServiceBus.ServiceBusException: The messaging entity ")
        assert missing[2].endswith("(MessagingEntityNotFound)")
        assert "Microsoft Azure WebJobs SDK ServiceBus connection string 'Nowhere' is missing" in bus.wait_log(
            "Nowhere"
        )

    def test_a_name_that_nobody_has_is_information(self, bus: Bus) -> None:
        """The client takes it for something that passes."""
        bus.cloud.wait(lambda: bus.failures("unheard"), bus.site, 30)
        head, _, error = bus.failures("unheard")[0]

        assert "info: Function.deaf[0]" == head
        assert error.startswith("      Azure.Messaging.ServiceBus.ServiceBusException: No such host is known.")
        assert error.endswith("ErrorCode: HostNotFound (ServiceCommunicationProblem)")
        assert {} == bus.status("deaf")

    def test_a_connection_string_that_is_none_keeps_the_listener_from_starting(self, bus: Bus) -> None:
        """This alone is an error of the function."""
        bus.wait_log("The listener for function 'Functions.torn' was unable to start.")

        [error] = bus.status("torn")["errors"]
        assert "'Functions.torn' was unable to start. System.ArgumentException: " in error

    def test_the_function_gets_the_messages_properties(self, bus: Bus) -> None:
        """By the worker's own converter; the answer is text and names the invocation."""
        own = {"color": "green", "n": 1, "yes": True}
        more = {"message_id": "m1", "correlation_id": "c1", "subject": "s", "content_type": "application/json"}
        bus.send("requests", '{"x": 1}', application_properties=own, reply_to="r", to="t", **more)
        answer = bus.receive("answers")
        said = json.loads(b"".join(answer.body))

        assert {"body": '{"x": 1}', "id": "m1", "count": 1, "type": "application/json"}.items() <= said.items()
        assert {"correlation": "c1", "label": "s", "reply_to": "r", "to": "t"}.items() <= said.items()
        assert (said["own"], said["user"]) == (own, own)
        assert said["number"] > 0
        assert said["enqueued"].startswith("20")
        assert answer.content_type == "text/plain"
        bus.cloud.wait(lambda: bus.broker.counts("bus", "requests").active == 0, bus.site, 20)

    def test_bytes_go_through_as_they_are(self, bus: Bus) -> None:
        """A connection string wins over a group. Bytes that are no UTF-8, and 50 MB of them."""
        bus.send("raw", bytes(range(128, 256)))
        small = b"".join(bus.receive("answers").body)
        large = bytes(range(256)) * (50 * 4096)
        with bus.links.client.get_queue_sender("raw", socket_timeout=30) as patient:
            patient.send_messages(ServiceBusMessage(large))
        came = b"".join(bus.receive("answers").body)

        assert small == bytes(range(255, 127, -1))
        assert came == large[::-1]

    def test_a_message_that_fails_is_dead_lettered_by_the_queue(self, bus: Bus) -> None:
        """After as many deliveries as the queue allows. The log has the error and the next message is processed."""
        bus.send("requests", "bad")
        dead = bus.receive("requests", sub_queue="deadletter")
        bus.send("requests", "good")
        bus.receive("answers")
        log = bus.wait_log("Executed 'Functions.echo' (Succeeded")

        assert (b"".join(dead.body), dead.dead_letter_reason) == (b"bad", "MaxDeliveryCountExceeded")
        assert log.count("Executed 'Functions.echo' (Failed") == 2
        assert "the model cannot have this" in log
        assert "DeliveryCount: 2" in log

    def test_a_lock_is_renewed_while_the_function_runs(self, bus: Bus) -> None:
        """A call that takes longer than the lock is not repeated, and calls come one after the other.

        The client cannot renew shorter locks than this one of 3 seconds; Azure's shortest has 5.
        """
        bus.cloud.wait(lambda: bus.broker.counts("bus", "slow").active == 0, bus.site, 20)
        log = bus.cloud.platform.log(bus.site.resource_id)

        assert log.count("Executing 'Functions.slow'") == 2
        assert "running 2" not in log
