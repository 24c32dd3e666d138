"""What the page sends goes to the app, or through its trigger; the keys stay in this process."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions_model.ci import detect, outside
from functions_model.cli.callers import BlobCaller, QueueCaller, Sent, caller_for
from functions_model.cli.door import Door
from functions_model.cli.sandbox import RunningSandbox
from functions_model.cli.work_folder import work_folder
from functions_model.core.spec import DeploymentSpec, HttpTrigger
from functions_model.inputs import read_live_target
from functions_model.pipeline.session import World
from functions_model.provision.context import discard

_TRIGGER_SECONDS = 60.0
"""How long somebody who looks at a page waits for the answer of a blob or a message."""
_INTERNAL = frozenset({"connection", "date", "server", "transfer-encoding", "x-functions-model-failure"})
"""Headers that say nothing of the script."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        seconds: Until it was there.
        body: Its content.
        status: Of HTTP; None for what went through a trigger.
        headers: Of the answer.
        said: What was done with the request, a clause; empty for HTTP.
        raised: What the script raised, and what to do; empty when it did not.
    """

    seconds: float
    body: bytes = b""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    said: str = ""
    raised: str = ""


@dataclass(slots=True)
class Sender:
    """Sends requests to the app of a folder.

    Attributes:
        door: The folder.
        sandbox: Where its app runs.
        spec: What was deployed; None before that.
    """

    door: Door
    sandbox: RunningSandbox
    spec: DeploymentSpec | None = field(default=None, init=False)
    _inputs: Mapping[str, str] = field(default_factory=dict, init=False)
    _caller: BlobCaller | QueueCaller | None = field(default=None, init=False)
    _one: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    """Answers of a trigger are told apart by their order alone."""

    def deployed(self, spec: DeploymentSpec, inputs: Mapping[str, str]) -> None:
        """From now on, this runs."""
        with self._one:
            self.spec, self._inputs, self._caller = spec, dict(inputs), None

    def send(self, sent: Sent) -> Reply:
        """Have it scored.

        Raises:
            LookupError: Nothing was deployed yet.
            NotLive: No answer came, or the app is not there.
        """
        if self.spec is None:
            raise LookupError
        return self._by_http(sent) if isinstance(self.spec.trigger, HttpTrigger) else self._by_trigger(sent)

    def _by_http(self, sent: Sent) -> Reply:
        from functions_model.pipeline.asking import reach  # noqa: PLC0415 - Azure's clients are slow to import
        from functions_model.verify.asking import ask  # noqa: PLC0415 - as above

        ci = self.door.output.ci
        quiet = detect(outside(os.environ), io.StringIO())  # that each request logs in is no news
        values = self.door.values(self.sandbox, self._inputs)
        target = read_live_target(values, workspace=self.door.folder, facts=ci.facts)
        with work_folder() as work, reach(target, World(quiet, work, discard)) as endpoint:
            answer = ask(endpoint, sent.body, sent.content_type, mask=ci.mask)
        headers = tuple((name, ci.scrub(value)) for name, value in answer.headers if name.lower() not in _INTERNAL)
        body = self._shown(answer.body)
        return Reply(answer.seconds, body, answer.status, headers, raised=ci.scrub(answer.raised))

    def _by_trigger(self, sent: Sent) -> Reply:
        with self._one:
            if self._caller is None and self.spec:
                self._caller = caller_for(self.spec, self.sandbox)
            if self._caller is None:
                raise LookupError
            begun = time.monotonic()
            exchange = self._caller.exchange(sent, _TRIGGER_SECONDS)
            seconds = time.monotonic() - begun
        if exchange.answer is not None:
            return Reply(seconds, self._shown(exchange.answer), said=f"{exchange.said} -> {exchange.where}")
        late = f"{exchange.said}. No answer in {exchange.where} within {_TRIGGER_SECONDS:.0f} s: the log says more"
        return Reply(seconds, said=late if exchange.where else f"{exchange.said}. The log says what became of it")

    def _shown(self, body: bytes) -> bytes:
        """Text without what is masked; all else as it is."""
        try:
            return self.door.output.ci.scrub(body.decode()).encode()
        except UnicodeDecodeError:
            return body
