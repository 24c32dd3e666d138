"""Long-running operations: what a poll answers before and after they are done."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.arm.messages import ArmRequest


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the cloud takes, in seconds.

    `Durations()` is short, for tests; `Durations.live()` is what was measured on Azure in West Europe.
    """

    plan: float = 0.0
    site: float = 0.0
    settings: float = 0.0
    storage: float = 0.0
    registry: float = 0.0
    service_bus: float = 0.0
    group_delete: float = 0.0
    workspace_delete: float = 0.0
    registration: float = 0.0
    image_import: float = 0.0
    swap: float = 0.0
    listeners: Pace = field(default_factory=Pace)

    @classmethod
    def live(cls) -> Durations:
        """Plan 20 s, account 17 s, app 20 s, a settings write 2.5 s, Service Bus namespace 45 s, swap 30 s."""
        waits = {"plan": 20.0, "site": 20.0, "settings": 2.5, "storage": 17.0, "registry": 8.0, "service_bus": 45.0}
        others = {
            "group_delete": 30.0,
            "workspace_delete": 5.0,
            "registration": 15.0,
            "image_import": 10.0,
            "swap": 30.0,
        }
        return cls(**waits, **others, listeners=Pace.live())


@dataclass(frozen=True, slots=True)
class Operation:
    """One that runs, or has run.

    Attributes:
        id: A GUID.
        ready_at: When it is done, on the clock of `Operations`.
        proof: A secret from which the signature of the polling URL is made: clients have to follow it verbatim.
        done: The answer once it is done.
        pending: The answer to a poll before that; a 202 with the same Location when left out.
        finish: Called once when the time is over.
        finished: Set when `finish` has come to its end.
    """

    id: str
    ready_at: float
    proof: str
    done: Callable[[], ArmResponse]
    pending: Callable[[], ArmResponse] | None = None
    finish: Callable[[], None] = lambda: None
    finished: threading.Event = field(default_factory=threading.Event)

    def signature(self, path: str) -> str:
        """What a polling URL with that path carries: the operation is found below its own subscription alone."""
        return hashlib.sha512(f"{self.proof}{path}".encode()).hexdigest()


class Operations:
    """All operations since the start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Operation] = {}
        self._unfinished: list[Operation] = []
        self._lock = threading.Lock()

    def start(
        self,
        seconds: float,
        done: Callable[[], ArmResponse],
        *,
        pending: Callable[[], ArmResponse] | None = None,
        finish: Callable[[], None] = lambda: None,
    ) -> Operation:
        """Begin one that takes that long; `finish` is called once when it is over, whether anybody polls or not."""
        proof = secrets.token_urlsafe(32)
        operation = Operation(str(uuid.uuid4()), self._clock() + seconds, proof, done, pending, finish)
        with self._lock:
            self._known[operation.id] = operation
            self._unfinished.append(operation)
        self.settle()
        return operation

    def settle(self) -> None:
        """Finish those whose time has passed."""
        now = self._clock()
        with self._lock:
            due = [operation for operation in self._unfinished if operation.ready_at <= now]
            self._unfinished = [operation for operation in self._unfinished if operation.ready_at > now]
        for operation in due:
            try:
                operation.finish()
            finally:
                operation.finished.set()

    def poll(self, request: ArmRequest) -> ArmResponse:
        """Answer a poll; the route's `{operation}` names it.

        Raises:
            ArmError: There is no such operation, or the URL was not followed as it was given.
        """
        with self._lock:
            operation = self._known.get(request.values["operation"])
        if operation is None or request.query.get("h") != operation.signature(request.path):
            raise ArmError(404, "NotFound", f"The operation '{request.values['operation']}' was not found.")
        if self._clock() >= operation.ready_at:
            # Its time may have come just now, and another request may be finishing it.
            self.settle()
            operation.finished.wait()
            return operation.done()
        if operation.pending:
            return operation.pending()
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        return ArmResponse(202, headers=self.headers(operation, f"{request.origin}{request.path}?{query}"))

    def headers(self, operation: Operation, url: str) -> dict[str, str]:
        """`Location`, and `Retry-After` in whole seconds where there is something to wait for."""
        rest = ceil(operation.ready_at - self._clock())
        return {"Location": url, **({"Retry-After": str(rest)} if rest > 0 else {})}


def polling_url(request: ArmRequest, path: str, operation: Operation, extra: str = "") -> str:
    """The absolute URL to poll: long and signed, as the service's are."""
    path = f"{path}/{operation.id}"
    signature = operation.signature(path)
    return f"{request.origin}{path}?{extra}api-version={request.api_version}&h={signature}"
