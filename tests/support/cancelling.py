"""Runs that are cancelled while a request of theirs is kept back, and what the sandbox saw of them."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.faults import Fault
    from azure_sandbox.journal import Entry
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run, Started

GONE = 5.0
"""Seconds after the first signal in which a run must be gone."""
_ON_THE_WAY = 1.0
"""Seconds in which a request may still arrive that was sent before the signal, over a new connection on a busy machine.
Until then nothing is answered: what would follow an answer begins later, and is seen."""
PLATFORM = ("docker/", "python-httpx/")
"""What the sandbox's own platform calls itself, with and without an engine."""
_QUIET = 0.5
_SECONDS = 120
_RESOURCES = {
    "resourcegroups": "resource group",
    "serverfarms": "plan",
    "storageaccounts": "storage account",
    "userassignedidentities": "identity",
    "sites": "function app",
}
_PATH = re.compile(rf"/({'|'.join(_RESOURCES)})/([^/?]+)", re.IGNORECASE)
_ROLE = re.compile(r"/roleAssignments/[0-9a-f-]{36}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A run that was cancelled.

    Attributes:
        run: What it left behind.
        seconds: From the signal to its end.
        begun_after: Requests that were begun after the signal.
        writes: All that it sent to change something in ARM.
    """

    run: Run
    seconds: float
    begun_after: list[str]
    writes: list[Entry]

    @property
    def words(self) -> str:
        """The last words: the one error annotation."""
        assert len(self.run.errors) == 1, self.run.log
        return self.run.errors[0]

    @property
    def said(self) -> set[str]:
        """The resources that the words name as written, or as begun; role assignments by their number."""
        told = " ".join(
            re.findall(r"(?:Written|Started, but not known to have finished): (.*?)\. (?=[A-Z])", self.words)
        )
        names = set(re.findall(r"the ((?:resource group|plan|storage account|identity|function app) `[^`]+`)", told))
        return names | _numbered(told.count("the role assignment `"))

    @property
    def seen(self) -> set[str]:
        """The same, as the sandbox saw it."""
        sent = [entry for entry in self.writes if entry.status < 400]
        roles = {match[0].lower() for entry in sent if (match := _ROLE.search(entry.path))}
        return {name for entry in sent if (name := _resource(entry.path))} | _numbered(len(roles))


def _numbered(roles: int) -> set[str]:
    return {f"{roles} role assignments"} if roles else set()


def _resource(path: str) -> str:
    """The innermost resource that a path names; nothing for a role, whose name nobody knows."""
    if _ROLE.search(path) or not (found := _PATH.findall(path)):
        return ""
    kind, name = found[-1]
    return f"{_RESOURCES[kind.lower()]} `{name}`"


def cancel(sandbox: Sandbox, started: Started, *, answered: bool, number: int = signal.SIGINT) -> Cancelled | None:
    """Cancel a run once a request of its is kept back, and nothing else goes on; None when it came to its end before.

    Args:
        sandbox: With a fault that holds a request. Nothing else may use it meanwhile.
        started: The run.
        answered: Whether the request goes through while the run may wait for it; else once the run is gone.
        number: The signal.
    """
    try:
        if not wait(lambda: bool(sandbox.faults.held) or started.process.poll() is not None):
            raise TimeoutError(started.log)
        if not sandbox.faults.held:
            return None
        wait(lambda: _is_quiet(sandbox))
        signalled = time.monotonic()
        started.process.send_signal(number)
        if answered:
            wait(lambda: time.monotonic() > signalled + _ON_THE_WAY or started.process.poll() is not None)
            sandbox.faults.release()
        run = started.run()
        seconds = time.monotonic() - signalled
        sandbox.faults.release()
        wait(lambda: not sandbox.journal.open)
    finally:
        sandbox.faults.clear()
        started.kill()
    after = begun_after(sandbox, signalled)
    writes = [entry for entry in sandbox.journal.writes() if entry.service == "arm"]
    return Cancelled(run, seconds, after, writes)


def begun_after(sandbox: Sandbox, signalled: float) -> list[str]:
    """What a run asked of the sandbox after the signal. That apps pull their images meanwhile does not count."""
    runs = [entry for entry in sandbox.journal.entries() if not entry.agent.startswith(PLATFORM)]
    return [f"{entry.method} {entry.path}" for entry in runs if entry.begun > signalled + _ON_THE_WAY]


def held(sandbox: Sandbox, fault: Fault, start: Callable[[], Started]) -> Started:
    """Start a run with a fault in its way, and an empty journal."""
    sandbox.journal.clear()
    sandbox.faults.add(fault)
    return start()


def _is_quiet(sandbox: Sandbox) -> bool:
    """Whether nothing was asked of the sandbox for a moment."""
    before = len(sandbox.journal.entries())
    time.sleep(_QUIET)
    return before == len(sandbox.journal.entries())


def wait(condition: Callable[[], bool]) -> bool:
    """Wait until it is so; False when it takes too long."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_alive(pid: str) -> bool:
    """Whether a process is at work; one that waits for nobody but its parent is dead."""
    try:
        return b"\nState:\tZ" not in Path("/proc", pid, "status").read_bytes()
    except OSError:
        return False
