"""The messages in the queues of a Service Bus namespace."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from functions_model.azure.data import told_as_refusals
from functions_model.core.cancel import CANCEL, Cancel

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver

_AT_ONCE, _MOST_LOOKS = 100, 50
"""Messages of one look, and looks of one search."""
_FIRST = 1
"""The number of the first message in a queue. A look that names none goes on where the last one ended:
Azure/azure-sdk-for-python, azure-servicebus, _servicebus_receiver.py, `peek_messages`."""
_TAKE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is sent, or was found in a queue.

    Attributes:
        id: Its id; one that is sent has it as its correlation id, too.
        body: Its bytes; empty when it holds a value that is none.
        reason: Why it was given up; empty unless that is known.
    """

    id: str
    body: bytes
    reason: str = ""


@dataclass(slots=True)
class Queue:
    """A queue that is open for reading. Every method raises `DataRefused`.

    Attributes:
        receiver: Of the queue.
        action: What is done with it, for people: "receive from the queue `orders`".
        cancel: The flag: Azure's client looks at none.
    """

    receiver: ServiceBusReceiver
    action: str
    cancel: Cancel
    _next: int = _FIRST

    def find(self, is_wanted: Callable[[Message], bool]) -> Message | None:
        """Look for a message, and take none.

        Returns:
            The message; None when it was not among the next 5000. A search goes on where the last one ended; after the
            last message it begins anew.
        """
        for _ in range(_MOST_LOOKS):
            page = self._peek(_AT_ONCE, self._next)
            if found := next(filter(is_wanted, map(_message, page)), None):
                return found
            if not page:
                self._next = _FIRST
                return None
            self._next = (page[-1].sequence_number or 0) + 1
        return None

    def first(self, most: int) -> list[Message]:
        """Look at the first messages, so many at the most."""
        return [_message(received) for received in self._peek(most, _FIRST)]

    def _peek(self, most: int, first: int) -> list[ServiceBusReceivedMessage]:
        self.cancel.check()
        with told_as_refusals(self.action):
            return self.receiver.peek_messages(most, sequence_number=first)

    def take(self, is_wanted: Callable[[Message], bool]) -> bool:
        """Take the next message when it is the wanted one; another one is given back at once.

        Returns:
            Whether another one came.
        """
        with told_as_refusals(self.action), self.cancel.request(writes=True):
            for received in self.receiver.receive_messages(1, max_wait_time=_TAKE_SECONDS):
                if not is_wanted(_message(received)):
                    self.receiver.abandon_message(received)
                    return True
                self.receiver.complete_message(received)
        return False


class QueueData:
    """The queues of one namespace, each opened when it is first used; a context manager, which closes them.

    Args:
        client: Of the namespace; whoever opened it closes it.
        cancel: The flag: Azure's client looks at none.
    """

    def __init__(self, client: ServiceBusClient, cancel: Cancel = CANCEL) -> None:
        self._client = client
        self._cancel = cancel
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def queue(self, name: str, *, dead: bool = False) -> Queue:
        """A queue, or its dead-letter queue, open for reading.

        Raises:
            DataRefused: It may not be opened.
        """
        from azure.servicebus import ServiceBusSubQueue

        which: dict[str, Any] = {"sub_queue": ServiceBusSubQueue.DEAD_LETTER} if dead else {}
        action = f"receive from the {'dead-letter queue of' if dead else 'queue'} `{name}`"
        with told_as_refusals(action):
            receiver = self._opened.enter_context(self._client.get_queue_receiver(name, **which))
        return Queue(receiver, action, self._cancel)

    def sender(self, name: str) -> Callable[[Message, str, float], None]:
        """Open a queue for writing.

        Returns:
            What sends a message: it takes the message, its content type, and the seconds after which it expires.

        Raises:
            DataRefused: It may not be opened. What sends raises it, too.
        """
        from azure.servicebus import ServiceBusMessage

        action = f"send to the queue `{name}`"
        with told_as_refusals(action):
            sender = self._opened.enter_context(self._client.get_queue_sender(name))

        def send(message: Message, content_type: str, seconds: float) -> None:
            sent = ServiceBusMessage(
                message.body,
                content_type=content_type,
                message_id=message.id,
                correlation_id=message.id,
                time_to_live=timedelta(seconds=seconds),
            )
            with told_as_refusals(action), self._cancel.request(writes=True):
                sender.send_messages(sent)

        return send


@contextmanager
def open_queues(host: str, credential: Any) -> Iterator[QueueData]:
    """The queues of a namespace. Its client reads no variable: it is given the certificates that the run trusts.

    Args:
        host: As Resource Manager names it; with a port in a cloud that has one.
        credential: A token credential, or a named key.
    """
    from azure.servicebus import ServiceBusClient, TransportType

    options: dict[str, Any] = {"transport_type": TransportType.Amqp}
    if ":" in host:
        options["custom_endpoint_address"] = f"sb://{host}"
    if trusted := os.environ.get("REQUESTS_CA_BUNDLE"):
        options["connection_verify"] = trusted
    with ServiceBusClient(host, credential, **options) as client, QueueData(client) as queues:
        yield queues


def _message(received: ServiceBusReceivedMessage) -> Message:
    from azure.servicebus.amqp import AmqpMessageBodyType

    body = b"".join(received.body) if received.body_type is AmqpMessageBodyType.DATA else b""
    why = filter(None, (received.dead_letter_reason, received.dead_letter_error_description))
    return Message(received.message_id or "", body, ": ".join(why))
