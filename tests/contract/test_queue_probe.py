"""A probe of a queue trigger in the sandbox's namespace, by Azure's client. The test is the app behind the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from azure.mgmt.servicebus.models import SBQueue
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue

from functions_model.azure.queue_data import QueueData
from functions_model.core.cancel import CANCEL, Cancel
from functions_model.payload.probes import PREFIX as NAMED_BY_THE_APP
from functions_model.verify.queue_probe import PREFIX, QueueProbe
from support.sandbox_login import logged_in_to
from support.service_bus import BRIEF, client_for
from support.triggers import namespace_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.servicebus import ServiceBusClient

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

NAME, GROUP = "probe-bus", "probe-group"


class Bus:
    """A namespace with two queues."""

    def __init__(self, client: ServiceBusClient, sample: Path) -> None:
        self.client, self._sample = client, sample

    def probe(self, cancel: Cancel = CANCEL) -> QueueProbe:
        return QueueProbe(QueueData(self.client, cancel), "requests", "answers", self._sample, "text/x-probe", 60.0)

    def take(self, queue: str = "requests", sub_queue: Any = None) -> Any:
        """Receive one message for good."""
        with self.client.get_queue_receiver(queue, sub_queue=sub_queue, **BRIEF) as receiver:
            [message] = receiver.receive_messages(1, max_wait_time=5)
            receiver.complete_message(message)
        return message

    def empty(self, queue: str) -> None:
        """Take all that waits."""
        with self.client.get_queue_receiver(queue, **BRIEF) as receiver:
            while waiting := receiver.receive_messages(250, max_wait_time=1):
                for message in waiting:
                    receiver.complete_message(message)

    def answer(self, *bodies: bytes) -> None:
        with self.client.get_queue_sender("answers", **BRIEF) as sender:
            sender.send_messages([ServiceBusMessage(body) for body in bodies])

    def waiting(self) -> list[tuple[bytes, int]]:
        """Each body, and how often it was delivered to somebody."""
        with self.client.get_queue_receiver("answers", **BRIEF) as receiver:
            return [(b"".join(message.body), message.delivery_count or 0) for message in receiver.peek_messages(250)]


@pytest.fixture(scope="module")
def bus(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    sample = tmp_path_factory.mktemp("probe") / "sample.json"
    sample.write_bytes(b"{}")
    with logged_in_to(sandbox) as azure:
        place: Any = {"location": "westeurope"}
        azure.clients.resource.resource_groups.create_or_update(GROUP, place)
        azure.clients.service_bus.namespaces.begin_create_or_update(GROUP, NAME, place).result()
        for queue in ("requests", "answers"):
            azure.clients.service_bus.queues.create_or_update(GROUP, NAME, queue, SBQueue())
    host, token = namespace_token(sandbox, NAME)
    with client_for(token, host, sandbox.endpoints.ca_file) as client:
        yield Bus(client, sample)


class Held(Exception):
    """A thread that would go on after a cancel."""


def hold() -> NoReturn:
    raise Held


def answer_to(probe: QueueProbe) -> bytes:
    """As the app writes it."""
    return b'{"probe": "' + probe.id.encode() + b'"}\nthe answer'


def seen_answered(bus: Bus, probe: QueueProbe) -> tuple[bool, bool]:
    """Whether a probe sees its answer before the app has written it, and after."""
    probe.send()
    bus.take()
    before = probe.answered()
    bus.answer(answer_to(probe))
    return before, probe.answered()


class TestAProbe:
    def test_is_a_message_that_the_app_knows(self, bus: Bus) -> None:
        """By the words of the app."""
        probe = bus.probe()
        probe.send()
        message = bus.take()
        probe.clean()

        assert (b"{}", "text/x-probe", probe.id) == (
            b"".join(message.body),
            message.content_type,
            message.correlation_id,
        )
        assert probe.id.startswith(NAMED_BY_THE_APP)
        assert PREFIX == NAMED_BY_THE_APP

    def test_is_answered_by_its_own_answer(self, bus: Bus) -> None:
        """Which is taken."""
        probe = bus.probe()

        assert (False, True) == seen_answered(bus, probe)
        assert ("", []) == (probe.clean(), bus.waiting())

    def test_leaves_the_messages_of_others(self, bus: Bus) -> None:
        """Behind more of them than one look shows; then its answer stays, too."""
        others = [f"{number}".encode() for number in range(120)]
        bus.answer(*others)
        probe = bus.probe()

        assert (False, True) == seen_answered(bus, probe)
        assert "is left in the queue `answers`, as other messages wait there" in probe.clean()
        assert [(body, 0) for body in (*others, answer_to(probe))] == bus.waiting()
        bus.empty("answers")

    def test_that_nobody_takes_expires(self, bus: Bus) -> None:
        """It is not there for ever."""
        probe = bus.probe()
        probe.send()

        assert "A message that nobody receives expires 60 s after it was sent." == probe.clean()
        assert 60 == bus.take().time_to_live.total_seconds()

    def test_is_not_begun_after_a_cancel(self, bus: Bus) -> None:
        """Nor is its answer taken."""
        cancel = Cancel(hold)
        probe, other = bus.probe(cancel=cancel), bus.probe(cancel=cancel)
        probe.send()
        bus.take()
        bus.answer(answer_to(probe))
        assert probe.answered()
        cancel.cancel()

        for step in (other.send, probe.clean):
            with pytest.raises(Held):
                step()
        assert [(answer_to(probe), 0)] == bus.waiting()
        bus.take("answers")
        with bus.client.get_queue_receiver("requests", **BRIEF) as receiver:
            assert [] == receiver.peek_messages(1)

    def test_that_is_given_up_is_found(self, bus: Bus) -> None:
        """With the reason that the queue gives."""
        probe = bus.probe()
        probe.send()
        before = probe.lost()
        with bus.client.get_queue_receiver("requests", **BRIEF) as receiver:
            [message] = receiver.receive_messages(1, max_wait_time=5)
            receiver.dead_letter_message(message, reason="TooOld", error_description="by hand")

        assert before == ""
        assert "went to its dead-letter queue and is left there (TooOld: by hand)" in probe.lost()
        assert "" == probe.clean()
        bus.take(sub_queue=ServiceBusSubQueue.DEAD_LETTER)
