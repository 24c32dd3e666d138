"""A probe of a queue trigger: a message of ours in its queue, and the answer's message."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from functions_model.core.cancel import CANCEL
from functions_model.verify.probe import ProbeFailed, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure.servicebus import ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver

    from functions_model.core.cancel import Cancel
    from functions_model.verify.data_refusals import Owner

ROLES = ("Azure Service Bus Data Sender", "Azure Service Bus Data Receiver")
PREFIX = "functions-model-probe-"
"""By it the app knows a probe, and names it in the answer: `payload/probes.py`."""
_AT_ONCE, _MOST_PEEKS = 100, 50
"""Messages of one look, and looks before the app's log is asked in between."""
_FIRST = 1
"""Of the messages in a queue. A look that names none goes on where the last one ended: Azure/azure-sdk-for-python,
azure-servicebus, _servicebus_receiver.py, `peek_messages`."""
_TAKE_SECONDS = 5.0


def open_namespace(host: str, credential: Any) -> ServiceBusClient:
    """The namespace. Its client reads no variable for certificates: it is given that of `requests`.

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
    return ServiceBusClient(host, credential, **options)


@dataclass
class QueueProbe:
    """The sample request as a message of ours.

    Attributes:
        namespace: Its client.
        owner: The namespace, for people.
        source: The input queue.
        target: The output queue.
        sample: The file that is sent.
        content_type: Of the file.
        seconds: After so many the message expires by itself.
        cancel: The flag: Azure's client looks at none.
    """

    namespace: ServiceBusClient
    owner: Owner
    source: str
    target: str
    sample: Path
    content_type: str
    seconds: float
    cancel: Cancel = CANCEL
    _sent: bool = field(default=False, init=False)
    _opened: ExitStack = field(default_factory=ExitStack, init=False, repr=False)

    @cached_property
    def id(self) -> str:
        """The message's id, and its correlation id."""
        return new_id(PREFIX)

    @property
    def place(self) -> str:
        """Where it goes, for people."""
        return f"message `{self.id}` in the queue `{self.source}`"

    @cached_property
    def _answers(self) -> _Peeked:
        return _Peeked(self._open(self.target), self._is_answer, self.cancel)

    @cached_property
    def _dead(self) -> _Peeked:
        from azure.servicebus import ServiceBusSubQueue

        opened = self._open(self.source, sub_queue=ServiceBusSubQueue.DEAD_LETTER)
        return _Peeked(opened, lambda message: message.message_id == self.id, self.cancel)

    def send(self) -> None:
        """Send it, once the queues have let us look: what the login lacks is told before anything is written."""
        from azure.servicebus import ServiceBusMessage

        message = ServiceBusMessage(
            self.sample.read_bytes(),
            content_type=self.content_type,
            message_id=self.id,
            correlation_id=self.id,
            time_to_live=timedelta(seconds=self.seconds),
        )
        self.answered()
        self.lost()
        with self._told(f"send to the queue `{self.source}`"):
            sender = self._opened.enter_context(self.namespace.get_queue_sender(self.source))
            self._sent = True
            with self.cancel.request(writes=True):
                sender.send_messages(message)

    def answered(self) -> bool:
        """Whether a message in the output queue names our probe. It is looked at, and not taken."""
        with self._told(f"receive from the queue `{self.target}`"):
            return self._answers.find() is not None

    def lost(self) -> str:
        """Why the message is in the dead-letter queue; empty as long as it is not."""
        with self._told(f"receive from the dead-letter queue of `{self.source}`"):
            dead = self._dead.find()
        if dead is None:
            return ""
        why = ": ".join(filter(None, (dead.dead_letter_reason, dead.dead_letter_error_description)))
        return f"the {self.place} went to its dead-letter queue and is left there ({why or 'no reason is given'})"

    def clean(self) -> str:
        """Take the answer, when no other message is in its queue; say where it is left."""
        try:
            with self._opened:
                return self._take() if self._sent else ""
        except ProbeFailed as failed:
            return f"The {self.place} or its answer is left: {failed.reason}."

    def _take(self) -> str:
        if self._dead.seen:
            return ""
        if not self._answers.seen:
            return f"A message that nobody takes expires {self.seconds:.0f} s after it was sent."
        left = f"The answer to the probe is left in the queue `{self.target}`, as other messages wait there"
        with self._told(f"receive from the queue `{self.target}`"):
            receiver = self._answers.receiver
            self.cancel.check()
            waiting = receiver.peek_messages(2, sequence_number=_FIRST)
            if not waiting:
                return ""
            if not all(map(self._is_answer, waiting)):
                return f"{left}: `{self.id}`."
            with self.cancel.request(writes=True):
                return self._complete(receiver, left)

    def _complete(self, receiver: ServiceBusReceiver, left: str) -> str:
        """Receive one message; another one, which came meanwhile, is given back at once."""
        for message in receiver.receive_messages(1, max_wait_time=_TAKE_SECONDS):
            if self._is_answer(message):
                receiver.complete_message(message)
                return ""
            receiver.abandon_message(message)
            return f"{left}: `{self.id}`."
        return ""

    def _open(self, queue: str, **which: Any) -> ServiceBusReceiver:
        return self._opened.enter_context(self.namespace.get_queue_receiver(queue, **which))

    def _is_answer(self, message: ServiceBusReceivedMessage) -> bool:
        from azure.servicebus.amqp import AmqpMessageBodyType

        if message.body_type is not AmqpMessageBodyType.DATA:
            return False
        first = b"".join(message.body).partition(b"\n")[0]
        return first == json.dumps({"probe": self.id}).encode()

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        try:
            yield
        except AzureError as exc:
            raise self.owner.refused(action, exc) from exc


@dataclass(slots=True)
class _Peeked:
    """A queue that is looked through, again and again, until a message is found in it.

    Attributes:
        receiver: Of the queue; it only looks.
        wanted: Knows the message.
        cancel: The flag.
        seen: It was found.
    """

    receiver: ServiceBusReceiver
    wanted: Callable[[ServiceBusReceivedMessage], bool]
    cancel: Cancel
    seen: bool = False
    _next: int = _FIRST

    def find(self) -> ServiceBusReceivedMessage | None:
        """The message; None when it was not among the next ones. After the last one it begins anew."""
        for _ in range(_MOST_PEEKS):
            self.cancel.check()
            page = self.receiver.peek_messages(_AT_ONCE, sequence_number=self._next)
            for message in page:
                if self.wanted(message):
                    self.seen = True
                    return message
            if not page:
                self._next = _FIRST
                return None
            self._next = (page[-1].sequence_number or 0) + 1
        return None
