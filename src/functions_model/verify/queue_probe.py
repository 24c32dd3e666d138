"""A probe of a queue trigger: a message of ours in its queue, and the answer's message."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from functions_model.azure.data import DataRefused
from functions_model.azure.queue_data import FIRST, Message, Queue, QueueData
from functions_model.verify.probe import Owner, ProbeFailed, new_id

ROLES = ("Azure Service Bus Data Sender", "Azure Service Bus Data Receiver")
PREFIX = "functions-model-probe-"
"""By it the app knows a probe, and names it in the answer: `payload/probes.py`."""
_AT_ONCE, _MOST_PEEKS = 100, 50
"""Messages of one look, and looks before the app's log is asked in between."""


@dataclass
class QueueProbe:
    """The sample request as a message of ours.

    Attributes:
        queues: Of the namespace; closed when the probe is cleaned.
        owner: The namespace, for people.
        source: The input queue.
        target: The output queue.
        sample: The file that is sent.
        content_type: Of the file.
        seconds: After so many the message expires by itself.
    """

    queues: QueueData
    owner: Owner
    source: str
    target: str
    sample: Path
    content_type: str
    seconds: float
    _sent: bool = field(default=False, init=False)

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
        return _Peeked(self.queues.queue(self.target), self._is_answer)

    @cached_property
    def _dead(self) -> _Peeked:
        return _Peeked(self.queues.queue(self.source, dead=True), lambda message: message.id == self.id)

    def send(self) -> None:
        """Send it, once the queues have let us look: what the login lacks is told before anything is written."""
        message = Message(self.id, self.sample.read_bytes())
        self.answered()
        self.lost()
        with self._told(f"send to the queue `{self.source}`"):
            send = self.queues.sender(self.source)
            self._sent = True
            send(message, self.content_type, self.seconds)

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
        return (
            f"the {self.place} went to its dead-letter queue and is left there ({dead.reason or 'no reason is given'})"
        )

    def clean(self) -> str:
        """Take the answer, when no other message is in its queue; say where it is left."""
        try:
            with self.queues:
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
            waiting = self._answers.queue.peek(2)
            if not waiting:
                return ""
            others = not all(map(self._is_answer, waiting)) or self._answers.queue.take(self._is_answer)
        return f"{left}: `{self.id}`." if others else ""

    def _is_answer(self, message: Message) -> bool:
        return message.body.partition(b"\n")[0] == json.dumps({"probe": self.id}).encode()

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        try:
            yield
        except DataRefused as refused:
            raise self.owner.refused(action, refused) from refused


@dataclass(slots=True)
class _Peeked:
    """A queue that is looked through, again and again, until a message is found in it.

    Attributes:
        queue: The queue.
        wanted: Knows the message.
        seen: It was found.
    """

    queue: Queue
    wanted: Callable[[Message], bool]
    seen: bool = False
    _next: int = FIRST

    def find(self) -> Message | None:
        """The message; None when it was not among the next ones. After the last one it begins anew."""
        for _ in range(_MOST_PEEKS):
            page = self.queue.peek(_AT_ONCE, self._next)
            for message in page:
                if self.wanted(message):
                    self.seen = True
                    return message
            if not page:
                self._next = FIRST
                return None
            self._next = page[-1].number + 1
        return None
