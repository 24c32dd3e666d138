"""A probe of a queue trigger: a message of ours in its queue, and the answer's message."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from functions_model.azure.queue_data import Message, Queue, QueueData
from functions_model.verify.probe import new_id
from functions_model.verify.sample import sample_content

PREFIX = "functions-model-probe-"
"""By it the app knows a probe, and names it in the answer: `payload/probes.py`."""


@dataclass
class QueueProbe:
    """The sample request as a message of ours.

    Attributes:
        roles: What a login needs to send it, by their names.
        queues: Of the namespace; closed when the probe is cleaned.
        source: The input queue.
        target: The output queue.
        sample: The file that is sent.
        content_type: Of the file.
        seconds: After so many the message expires by itself.
    """

    roles: ClassVar[tuple[str, ...]] = ("Azure Service Bus Data Sender", "Azure Service Bus Data Receiver")
    queues: QueueData
    source: str
    target: str
    sample: Path
    content_type: str
    seconds: float
    _sent: bool = field(default=False, init=False)
    _answered: bool = field(default=False, init=False)
    _lost: bool = field(default=False, init=False)

    @cached_property
    def id(self) -> str:
        """The message's id, and its correlation id."""
        return new_id(PREFIX)

    @property
    def place(self) -> str:
        """Where it goes, for people."""
        return f"message `{self.id}` in the queue `{self.source}`"

    @cached_property
    def _answers(self) -> Queue:
        return self.queues.queue(self.target)

    @cached_property
    def _dead(self) -> Queue:
        return self.queues.queue(self.source, dead=True)

    def send(self) -> None:
        """Send it, once the queues have let us look: what the login lacks is told before anything is written."""
        message = Message(self.id, sample_content(self.sample))
        self.answered()
        self.lost()
        send = self.queues.sender(self.source)
        self._sent = True
        send(message, self.content_type, self.seconds)

    def answered(self) -> bool:
        """Whether a message in the output queue names our probe. It is looked at, and not taken."""
        self._answered = self._answers.find(self._is_answer) is not None
        return self._answered

    def lost(self) -> str:
        """Why the message is in the dead-letter queue; empty as long as it is not."""
        dead = self._dead.find(lambda message: message.id == self.id)
        if dead is None:
            return ""
        self._lost = True
        why = dead.reason or "no reason is given"
        return f"the {self.place} went to its dead-letter queue and is left there ({why})"

    def clean(self) -> str:
        """Take the answer, when no other message is in its queue; say where it is left."""
        with self.queues:
            if not self._sent or self._lost:
                return ""
            if not self._answered:
                return f"A message that nobody receives expires {self.seconds:.0f} s after it was sent."
            waiting = self._answers.first(2)
            if not waiting or (all(map(self._is_answer, waiting)) and not self._answers.take(self._is_answer)):
                return ""
            left = f"The answer to the probe is left in the queue `{self.target}`, as other messages wait there"
            return f"{left}: `{self.id}`."

    def _is_answer(self, message: Message) -> bool:
        return message.body.partition(b"\n")[0] == json.dumps({"probe": self.id}).encode()
