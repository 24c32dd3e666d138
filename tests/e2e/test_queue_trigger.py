"""A Service Bus queue trigger from end to end: deployed by the action, used with Azure's own client."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue

from support.service_bus import client_for
from support.triggers import RAW_SCRIPT, TEXT_SCRIPT, deploy, namespace_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

APP, NAMESPACE = "queue-text", "queue-text-bus"
QUEUES = {"input_queue_name": "requests", "output_queue_name": "answers"}


@pytest.fixture(scope="module")
def text_app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A script that takes text. The trigger is spelled as the old package spelled it."""
    folder = tmp_path_factory.mktemp("queue-text")
    return deploy(
        sandbox,
        folder,
        TEXT_SCRIPT,
        APP,
        trigger="service_bus_queue",
        service_bus_namespace=NAMESPACE,
        **QUEUES,
    )


@pytest.fixture(scope="module")
def client(sandbox: Sandbox, text_app: Run) -> Iterator[ServiceBusClient]:
    """Azure's client for the text app's namespace."""
    with client_of(sandbox, NAMESPACE) as opened:
        yield opened


def client_of(sandbox: Sandbox, namespace: str) -> ServiceBusClient:
    """Azure's client, with the login's token."""
    host, token = namespace_token(sandbox, namespace)
    return client_for(token, host, sandbox.endpoints.ca_file)


def send(client: ServiceBusClient, message: ServiceBusMessage, queue: str = "requests") -> None:
    """Send one message."""
    with client.get_queue_sender(queue, socket_timeout=30) as sender:
        sender.send_messages(message)


def receive(client: ServiceBusClient, queue: str = "answers", **how: Any) -> ServiceBusReceivedMessage:
    """The next message, completed."""
    with client.get_queue_receiver(queue, **how) as receiver:
        [message] = receiver.receive_messages(max_message_count=1, max_wait_time=60)
        receiver.complete_message(message)
    return message


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """The whole body."""
    return b"".join(message.body)


class TestText:
    """A script that takes text."""

    def test_a_message_is_answered_in_the_other_queue(self, client: ServiceBusClient) -> None:
        """Its application properties are headers of the request."""
        send(client, ServiceBusMessage(b'{"x": 1}', application_properties={"color": "green"}))

        assert {"got": {"x": 1}, "color": "green"} == json.loads(body_of(receive(client)))

    def test_a_message_that_breaks_run_is_dead_lettered(self, client: ServiceBusClient) -> None:
        """After as many tries as the queue allows, and not before; the next message is scored."""
        send(client, ServiceBusMessage(b'{"boom": true}', message_id="breaks"))
        send(client, ServiceBusMessage(b'{"x": 2}'))

        dead = receive(client, "requests", sub_queue=ServiceBusSubQueue.DEAD_LETTER)

        assert ("breaks", "MaxDeliveryCountExceeded") == (dead.message_id, dead.dead_letter_reason)
        assert {"x": 2} == json.loads(body_of(receive(client)))["got"]

    def test_the_app_is_not_called_by_url(self, text_app: Run) -> None:
        """There is a check function for the deployment itself, and no scoring URL."""
        assert text_app.outputs["function-names"] == "check,identity,score,warmup"
        assert "scoring-url" not in text_app.outputs


class TestBytes:
    """A script with `@rawhttp`, in a premium namespace, which takes large messages."""

    def test_bytes_come_through_as_they_are(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Not valid UTF-8, and 50 MB, in and out."""
        deploy(
            sandbox,
            tmp_path,
            RAW_SCRIPT,
            "queue-raw",
            trigger="service-bus-queue",
            service_bus_namespace="queue-raw-bus",
            service_bus_sku="Premium",
            **QUEUES,
        )
        large = secrets.token_bytes(1024) * 50_000
        with client_of(sandbox, "queue-raw-bus") as client:
            send(client, ServiceBusMessage(b"\xff\xfe\x00\x80"))
            small = body_of(receive(client))
            send(client, ServiceBusMessage(large))
            back = body_of(receive(client))

        assert small == b"\x80\x00\xfe\xff"
        assert back[::-1] == large
