"""The Service Bus broker, seen by Azure's own client."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
import uuid
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from azure.servicebus import AutoLockRenewer, ServiceBusClient, ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthorizationError,
    ServiceBusConnectionError,
    ServiceBusError,
)

from azure_sandbox.apps.listeners.sending import Senders
from azure_sandbox.contract import AccessRule, QueueCounts, QueueDefinition
from azure_sandbox.functions_host.connections import Connection
from azure_sandbox.service_bus import ServiceBusBroker, ServiceBusUnavailable
from support.service_bus import BRIEF, FAST, Fast, FixedToken, Links, client_for, connection_string

from .conftest import SUBSCRIPTION, FakeDirectory, FakeRoles, OpenDoor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

    from azure_sandbox.certificates import TlsFiles

RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
DEAD_LETTER = ServiceBusSubQueue.DEAD_LETTER
QUEUES = f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/contoso/queues"
MIB = 2**20


class Access(OpenDoor):
    """A rule of the namespace with every right, and one of the queue `orders` with one. At first all are let in."""

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:
        rules = {
            (None, "root"): AccessRule(("first-key", "second-key"), frozenset({"Manage"})),
            ("orders", "in"): AccessRule(("send-key", "other-key"), frozenset({"Send"})),
        }
        return rules.get((queue, name)) if namespace == "contoso" else None

    def queue_id(self, namespace: str, queue: str) -> str | None:
        return f"{QUEUES}/{queue}"


class Bus:
    """A namespace with a few queues, and links that stay open."""

    def __init__(self, root: Path, tls: TlsFiles) -> None:
        self.tls, self.directory, self.roles, self.access = tls, FakeDirectory(), FakeRoles(), Access()
        self.broker = ServiceBusBroker(
            root, tls, access=lambda: self.access, directory=self.directory, roles=self.roles
        )
        self.host = self.broker.create_namespace("Contoso")
        self.define("orders")
        self.links = Links(self.client())

    def define(self, name: str, **settings: Any) -> None:
        self.broker.put_queue("contoso", QueueDefinition(name, **settings))

    def client(self, rule: str = "root", key: str = "first-key") -> ServiceBusClient:
        return client_for(connection_string(self.host, rule, key), self.host, self.tls.ca_file)

    def client_of(self, name: str, *roles: str) -> ServiceBusClient:
        """The client of an identity that has these roles at the queue `orders`."""
        principal = self.directory.add(name)
        for role in roles:
            self.roles.give(principal, f"{QUEUES}/orders", role)
        token = self.directory.issue_token(principal.client_id, "https://servicebus.azure.net")
        return client_for(FixedToken(token), self.host, self.tls.ca_file)

    def send(self, queue: str, *bodies: str | bytes, **properties: Any) -> None:
        self.links.sender(queue).send_messages([ServiceBusMessage(body, **properties) for body in bodies])

    def receive(self, queue: str, sub_queue: Any = None, seconds: float = 5) -> ServiceBusReceivedMessage:
        [message] = self.links.receiver(queue, sub_queue).receive_messages(max_wait_time=seconds)
        return message

    def finish(self, queue: str, message: ServiceBusReceivedMessage, sub_queue: Any = None) -> None:
        self.links.receiver(queue, sub_queue).complete_message(message)

    def dead_letter(self, queue: str) -> tuple[str, str | None, str | None]:
        """Take one message from the dead-letter queue: its body, and why it is there."""
        message = self.receive(queue, DEAD_LETTER)
        self.finish(queue, message, DEAD_LETTER)
        return str(message), message.dead_letter_reason, message.dead_letter_error_description

    def counts(self, queue: str) -> QueueCounts:
        return self.broker.counts("contoso", queue)

    def wait_counts(self, queue: str, expected: QueueCounts) -> None:
        deadline = time.monotonic() + 5
        while self.counts(queue) != expected and time.monotonic() < deadline:
            time.sleep(0.02)
        assert expected == self.counts(queue)

    def close(self) -> None:
        self.links.__exit__()
        self.broker.close()


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Bus]:
    with closing(Bus(tmp_path_factory.mktemp("service-bus"), tls)) as found:
        yield found


@pytest.fixture
def orders(bus: Bus) -> Iterator[ServiceBusReceiver]:
    """A receiver of a queue with ordinary settings, which a test leaves empty."""
    bus.define("orders")
    yield bus.links.receiver("orders")
    assert QueueCounts(0, 0) == bus.counts("orders")


def name_of(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    return b"".join(message.body)


class TestMessages:
    def test_a_message_arrives_as_it_was_sent(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Bytes that are no text, and properties of every type, come out as they went in."""
        body = bytes(range(256))
        when = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
        own = {"whole": 7, "part": 0.5, "yes": True, "who": uuid.UUID(int=5), "at": when}
        properties = {"message_id": "m-1", "correlation_id": "c-1", "subject": "s", "content_type": "image/png"}
        bus.send("orders", body, application_properties=own, **properties)

        message = bus.receive("orders")
        bus.finish("orders", message)

        assert body == body_of(message)
        assert properties == {name: getattr(message, name) for name in properties}
        received = {name_of(key): value for key, value in (message.application_properties or {}).items()}
        assert int(when.timestamp() * 1000) == received.pop("at")
        assert {name: value for name, value in own.items() if name != "at"} == received

    def test_the_broker_says_what_it_knows_of_a_message(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Sequence numbers rise; the times and the delivery count are there; the lock token is the delivery tag."""
        before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        bus.send("orders", "one", "two")
        one, two = orders.receive_messages(max_message_count=2, max_wait_time=5)
        until, tokens = one.locked_until_utc, {one.lock_token, two.lock_token}
        for message in (one, two):
            orders.complete_message(message)

        assert (one.sequence_number or 0) + 1 == two.sequence_number
        assert one.enqueued_time_utc is not None
        assert before < one.enqueued_time_utc < before + dt.timedelta(seconds=10)
        assert until is not None
        assert 55 < (until - one.enqueued_time_utc).total_seconds() < 65
        assert (0, None) == (one.delivery_count, one.dead_letter_reason)
        assert 2 == len(tokens)

    def test_a_batch_becomes_single_messages(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """A batch that the client packed comes out as messages in their order; its limit is the queue's."""
        batch = bus.links.sender("orders").create_message_batch()
        for number in range(3):
            batch.add_message(ServiceBusMessage(f"{number}", message_id=f"id-{number}"))
        bus.links.sender("orders").send_messages(batch)

        received = orders.receive_messages(max_message_count=3, max_wait_time=5)
        for message in received:
            orders.complete_message(message)

        assert 262_144 == batch.max_size_in_bytes
        assert [("0", "id-0"), ("1", "id-1"), ("2", "id-2")] == [(str(one), one.message_id) for one in received]

    def test_a_large_message_passes_a_queue_that_allows_it(self, bus: Bus) -> None:
        """50 MB of random bytes come out equal, within a few seconds."""
        bus.define("large", max_message_bytes=100 * MIB)
        body = os.urandom(50 * MIB)
        patient: Fast = {"socket_timeout": 2, "keep_alive": 0}  # a machine that is busy may not read for a while
        with bus.links.client.get_queue_sender("large", **patient) as sender:
            start = time.monotonic()
            sender.send_messages(ServiceBusMessage(body))
        message = bus.receive("large", seconds=20)
        bus.finish("large", message)

        assert body == body_of(message)
        assert time.monotonic() - start < 10

    def test_a_message_above_the_limit_is_refused(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """The refusal names the sizes, and the sender can go on."""
        with pytest.raises(MessageSizeExceededError, match=r"size: 3000\d\d bytes.*limit \(262144 bytes\)"):
            bus.links.sender("orders").send_messages(ServiceBusMessage(b"x" * 300_000))
        bus.send("orders", "small")
        message = bus.receive("orders")
        bus.finish("orders", message)

        assert "small" == str(message)

    def test_a_scheduled_message_comes_when_it_is_due(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """It is not there before, it comes by itself, and one that was cancelled does not."""
        due = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.4)
        sender = bus.links.sender("orders")
        numbers = sender.schedule_messages([ServiceBusMessage("never"), ServiceBusMessage("later")], due)
        sender.send_messages(ServiceBusMessage("later still", scheduled_enqueue_time_utc=due))
        sender.cancel_scheduled_messages(numbers[0])
        before = bus.counts("orders")
        received = [bus.receive("orders"), bus.receive("orders")]
        for message in received:
            orders.complete_message(message)

        assert QueueCounts(0, 0) == before
        assert {"later", "later still"} == {str(message) for message in received}
        assert due - dt.timedelta(seconds=0.1) < dt.datetime.now(dt.UTC)

    def test_peeking_locks_nothing(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Messages are seen in their order, from a sequence number on, and can still be received."""
        bus.send("orders", "a", "b", "c")
        everything = orders.peek_messages(10)
        rest = orders.peek_messages(1, sequence_number=everything[1].sequence_number or 0)
        received = orders.receive_messages(max_message_count=3, max_wait_time=5)
        for message in received:
            orders.complete_message(message)

        assert ["a", "b", "c"] == [str(one) for one in everything]
        assert ["b"] == [str(one) for one in rest]
        assert ["a", "b", "c"] == [str(one) for one in received]

    def test_receive_and_delete_leaves_nothing(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """A message that was handed out in this mode is gone."""
        bus.send("orders", "gone")
        with bus.links.client.get_queue_receiver("orders", receive_mode="receiveanddelete", **BRIEF) as receiver:
            [message] = receiver.receive_messages(max_wait_time=5)

        assert "gone" == str(message)
        assert QueueCounts(0, 0) == bus.counts("orders")


class TestLocks:
    def test_an_abandoned_message_is_dead_lettered_in_the_end(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """It comes again with one more delivery, and after the last one it lies in the dead-letter queue."""
        bus.define("orders", max_delivery_count=2)
        bus.send("orders", "bad", application_properties={"own": 1})
        counts = []
        for _ in range(2):
            message = bus.receive("orders")
            counts.append(message.delivery_count)
            orders.abandon_message(message)
        bus.wait_counts("orders", QueueCounts(0, 1))
        message = bus.receive("orders", DEAD_LETTER)
        bus.finish("orders", message, DEAD_LETTER)

        assert [0, 1] == counts
        assert ("bad", "MaxDeliveryCountExceeded") == (str(message), message.dead_letter_reason)
        assert "Message could not be consumed after 2 delivery attempts." == message.dead_letter_error_description
        assert 1 == (message.application_properties or {})[b"own"]

    def test_a_receiver_can_dead_letter_with_reasons(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Reason and description are the ones that it gave."""
        bus.send("orders", "odd")
        orders.dead_letter_message(bus.receive("orders"), reason="odd", error_description="it is odd")

        assert ("odd", "odd", "it is odd") == bus.dead_letter("orders")

    def test_a_deferred_message_is_had_by_its_number(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Nobody gets it but who asks for its number, and it can be settled then."""
        bus.send("orders", "wait", "go on")
        first = bus.receive("orders")
        orders.defer_message(first)
        second = bus.receive("orders")
        orders.complete_message(second)
        [again] = orders.receive_deferred_messages([first.sequence_number or 0])
        orders.complete_message(again)
        with pytest.raises(ServiceBusError, match="no such message"):
            orders.receive_deferred_messages([first.sequence_number or 0])

        assert ("go on", "wait") == (str(second), str(again))

    def test_a_lock_that_runs_out_gives_the_message_back(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """The message comes again with one more delivery, and the first receiver's verdict is too late."""
        bus.define("orders", lock_seconds=0.2)
        bus.send("orders", "slow")
        first = bus.receive("orders")
        second = bus.receive("orders")
        bus.finish("orders", second)
        with pytest.raises(MessageLockLostError):
            orders.complete_message(first)

        assert (0, 1) == (first.delivery_count, second.delivery_count)

    def test_a_renewed_lock_holds(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """The client's renewer keeps a message for longer than a lock lasts."""
        bus.define("orders", lock_seconds=0.6)
        bus.send("orders", "long work")
        message = bus.receive("orders")
        first_until = message.locked_until_utc
        with AutoLockRenewer(max_lock_renewal_duration=10) as renewer:
            renewer.register(orders, message)
            time.sleep(0.9)
            last_until = message.locked_until_utc
            orders.complete_message(message)

        assert first_until is not None
        assert last_until is not None
        assert first_until < last_until

    def test_a_lost_connection_leaves_the_lock(self, bus: Bus) -> None:
        """As in Service Bus, the message comes back when its lock runs out, with one more delivery."""
        bus.define("lost", lock_seconds=1.2)
        bus.send("lost", "crash")
        with bus.client() as client:
            receiver = client.get_queue_receiver("lost", **BRIEF)
            [first] = receiver.receive_messages(max_wait_time=5)
            received = time.monotonic()
            receiver.close()
        held = bus.counts("lost")
        again = bus.receive("lost")
        waited = time.monotonic() - received
        bus.finish("lost", again)

        assert (QueueCounts(1, 0), 0, 1) == (held, first.delivery_count, again.delivery_count)
        assert 1 < waited < 4

    def test_credit_is_kept(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Who asks for two gets two; the others stay for the next one."""
        bus.send("orders", *"abcde")
        two = orders.receive_messages(max_message_count=2, max_wait_time=5)
        with bus.links.client.get_queue_receiver("orders", **BRIEF) as other:
            three = other.receive_messages(max_message_count=5, max_wait_time=5)
            for message in three:
                other.complete_message(message)
        for message in two:
            orders.complete_message(message)

        assert ["a", "b"] == [str(one) for one in two]
        assert ["c", "d", "e"] == [str(one) for one in three]


class TestTimeToLive:
    def test_an_expired_message_is_dead_lettered_where_the_queue_says_so(
        self, bus: Bus, orders: ServiceBusReceiver
    ) -> None:
        """The shorter life counts: the queue's or the message's own."""
        bus.define("orders", time_to_live=0.1, dead_letter_expired=True)
        bus.send("orders", "by the queue")
        bus.define("orders", time_to_live=60, dead_letter_expired=True)
        bus.send("orders", "by its own", time_to_live=dt.timedelta(seconds=0.15))
        bus.wait_counts("orders", QueueCounts(0, 2))
        why = ("TTLExpiredException", "The message expired and was dead lettered.")

        assert ("by the queue", *why) == bus.dead_letter("orders")
        assert ("by its own", *why) == bus.dead_letter("orders")

    def test_an_expired_message_is_gone_elsewhere(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Without dead-lettering nothing is left of it."""
        bus.send("orders", "short", time_to_live=dt.timedelta(seconds=0.05))

        bus.wait_counts("orders", QueueCounts(0, 0))


class TestAccess:
    def test_either_key_opens_and_another_does_not(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """The second key works like the first; a made-up one is refused at sign-in."""
        with bus.client(key="second-key") as client, client.get_queue_sender("orders", **FAST) as sender:
            sender.send_messages(ServiceBusMessage("hello"))
        bus.finish("orders", bus.receive("orders"))
        with bus.client(key="made-up") as client, pytest.raises(ServiceBusConnectionError) as refused:
            client.get_queue_sender("orders", **FAST).send_messages(ServiceBusMessage("hello"))

        assert "InvalidSignature" in str(refused.value.inner_exception)

    def test_a_rule_of_a_queue_has_its_rights_only(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Who may send may not receive."""
        with bus.client("in", "send-key") as client:
            with client.get_queue_sender("orders", **FAST) as sender:
                sender.send_messages(ServiceBusMessage("in"))
            with pytest.raises(ServiceBusAuthorizationError, match="'Listen' claim"):
                client.get_queue_receiver("orders", **BRIEF).receive_messages(max_wait_time=2)
        bus.finish("orders", bus.receive("orders"))

    def test_roles_decide_for_identities(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """Data Sender sends, Data Receiver receives, and neither does the other."""
        with bus.client_of("writer", SENDER) as client, client.get_queue_sender("orders", **FAST) as sender:
            sender.send_messages(ServiceBusMessage("by role"))
        with bus.client_of("reader", RECEIVER) as client:
            with client.get_queue_receiver("orders", **BRIEF) as receiver:
                [message] = receiver.receive_messages(max_wait_time=5)
                receiver.complete_message(message)
            with pytest.raises(ServiceBusAuthorizationError, match="'Send' claim"):
                client.get_queue_sender("orders", **FAST).send_messages(ServiceBusMessage("no"))

        assert "by role" == str(message)

    def test_plain_amqp_needs_no_options(self, bus: Bus, orders: ServiceBusReceiver) -> None:
        """A connection string for a development emulator is enough to send over the same port."""
        text = f"{connection_string(bus.host, 'root', 'first-key')};UseDevelopmentEmulator=true"
        with (
            ServiceBusClient.from_connection_string(text, retry_total=0) as client,
            client.get_queue_sender("orders", **FAST) as sender,
        ):
            sender.send_messages(ServiceBusMessage("plain"))
        message = bus.receive("orders")
        bus.finish("orders", message)

        assert "plain" == str(message)

    def test_a_missing_queue_is_named(self, bus: Bus) -> None:
        """Senders and receivers hear which queue is not there."""
        client = bus.links.client
        with pytest.raises(MessagingEntityNotFoundError, match="'nowhere' could not be found"):
            client.get_queue_sender("nowhere", **FAST).send_messages(ServiceBusMessage("x"))
        with pytest.raises(MessagingEntityNotFoundError, match="'nowhere' could not be found"):
            client.get_queue_receiver("nowhere", **BRIEF).receive_messages(max_wait_time=2)


class TestNamespaces:
    def test_names_have_no_case(self, bus: Bus) -> None:
        """The same name gives the same address, and queues are found by any spelling."""
        assert bus.host == bus.broker.create_namespace("CONTOSO")
        assert bus.counts("orders") == bus.broker.counts("contoso", "ORDERS")

    def test_a_changed_queue_keeps_its_messages(self, bus: Bus) -> None:
        """A higher limit holds for a sender that is open, and what lies there stays."""
        bus.define("growing", max_message_bytes=1000)
        bus.send("growing", "kept")
        with pytest.raises(MessageSizeExceededError):
            bus.send("growing", b"x" * 2000)
        bus.define("growing", max_message_bytes=5000)
        bus.send("growing", b"x" * 2000)

        assert QueueCounts(2, 0) == bus.counts("growing")

    def test_a_removed_queue_is_gone(self, bus: Bus) -> None:
        """Its messages go with it; open senders hear of it; removing it again is no error."""
        bus.define("short-lived")
        bus.send("short-lived", "x")
        bus.broker.remove_queue("contoso", "Short-Lived")
        bus.broker.remove_queue("contoso", "short-lived")
        with pytest.raises(KeyError):
            bus.counts("short-lived")
        bus.define("short-lived")

        assert QueueCounts(0, 0) == bus.counts("short-lived")

    def test_a_removed_namespace_no_longer_listens(self, bus: Bus) -> None:
        """Its port is closed and its queues are unknown."""
        _, _, port = bus.broker.create_namespace("other").partition(":")
        bus.broker.put_queue("other", QueueDefinition("q"))
        bus.broker.remove_namespace("Other")
        bus.broker.remove_namespace("other")
        with pytest.raises(KeyError):
            bus.broker.counts("other", "q")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("localhost", int(port)))

    def test_a_broker_that_died_says_so(self, tmp_path: Path, tls: TlsFiles) -> None:
        """Nothing waits for ever; the failure names the log."""
        broker = ServiceBusBroker(tmp_path, tls, access=Access, directory=FakeDirectory(), roles=FakeRoles())
        with closing(broker):
            broker.create_namespace("contoso")
            assert broker._channel is not None
            broker._channel._process.kill()
            with pytest.raises(ServiceBusUnavailable, match=r"it has ended. Look into .*broker\.log"):
                broker.put_queue("contoso", QueueDefinition("q"))


class TestSenders:
    """Those that the sandbox keeps open for an app."""

    def test_leave_no_connection_open_when_the_broker_is_gone_first(self, tmp_path: Path, tls: TlsFiles) -> None:
        """Azure's client fails to say good-bye then, and forgets its socket."""
        broker = ServiceBusBroker(tmp_path, tls, access=Access, directory=FakeDirectory(), roles=FakeRoles())
        with closing(broker):
            host = broker.create_namespace("contoso")
            broker.put_queue("contoso", QueueDefinition("q"))
            text = connection_string(host, "root", "first-key")
            door: Any = SimpleNamespace(client=lambda *_: client_for(text, host, tls.ca_file))
            site: Any = None
            senders = Senders(site, door)
            senders.send(Connection("Bus", text, {}), "q", b"x", text=False, invocation="1")
            [(_, sender)] = senders._open.values()
            handler: Any = sender._handler
            opened = handler._connection._transport.sock
        assert opened.fileno() > 0
        senders.close()

        assert -1 == opened.fileno()
