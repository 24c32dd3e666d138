"""What the log of a Functions host says of the listeners of its functions.

A listener that starts well the first time says nothing. Two kinds of failure are told apart:

- It cannot start. The host tries again by itself and says when it has succeeded (azure-webjobs-sdk,
  Microsoft.Azure.WebJobs.Host/Listeners/FunctionListener.cs). Or the whole host goes down, as when a look for blobs is
  refused (azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/src/Listeners/
  ScanBlobScanLogHybridPollingStrategy.cs, PollNewBlobsAsync, and Storage.Common/src/Shared/Timers/TaskSeriesTimer.cs;
  azure-functions-host, WebScriptHostExceptionHandler.cs:69).
- It has started and receives nothing. Each try in vain is a line of its own, and nothing says when they end
  (azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.ServiceBus/src/Config/ServiceBusExtensionConfigProvider.cs,
  LogExceptionReceivedEvent). What the client calls transient is written as information there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from functions_model.core.masking import in_one_line

_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ?")
"""The time that stands before each line of a container."""
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_HEAD = re.compile(r"^(trce|dbug|info|warn|fail|crit): (?P<category>[^\[\s]+)\[-?\d+\]$")
"""How .NET's console logger begins an entry; its text follows, indented (dotnet/runtime, SimpleConsoleFormatter.cs)."""
_INDENT = " " * 6
_USERS = re.compile(r"^(Host\.Function\.Console|Worker.*|Function\..*\.User)$")
"""Categories of what the entry script writes, which may be anything."""
_STARTED = "Host started ("
_DOWN = "Host is shutting down"
_CANNOT_START = re.compile(r"The listener for function '(?:Functions\.)?(?P<function>[^']+)' was unable to start")
_STARTS = re.compile(r"Listener successfully started for function '(?:Functions\.)?(?P<function>[^']+)'")
_IN_VAIN = re.compile(r"Message processing error \(Action=(Receive|AcceptSession)\b")
"""With another action it is about one message, which was received."""
_CALLED = re.compile(r"^Execut(ing|ed) '(?:Functions\.)?(?P<function>[^']+)'")
_OF_FUNCTION = re.compile(r"^Function\.(?:Functions\.)?(?P<function>[^.]+)$")
_LONGEST = 600
"""Characters of a failure: stack traces follow."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    Attributes:
        category: Who writes.
        text: Of as many lines as it has.
    """

    category: str
    text: str


@dataclass(frozen=True, slots=True)
class ListenerState:
    """What a log says of listeners.

    Attributes:
        starts: How often the host has started.
        crash: Why it went down before its last start; empty when it did not.
        failures: How many failures there are since the last start, after the last success.
        failure: The last of them, on one line.
        lasting: It ends with a success, or a start of the host, and not by itself.
    """

    starts: int = 0
    crash: str = ""
    failures: int = 0
    failure: str = ""
    lasting: bool = False


def listener_state(log: str, functions: Collection[str]) -> ListenerState:
    """What a log says of the listeners of these functions since the host started the last time."""
    state = ListenerState()
    for entry in entries(log):
        if entry.text.startswith(_STARTED):
            state = ListenerState(state.starts + 1, state.failure if _DOWN in state.failure else "")
        elif _success(entry, functions):
            state = ListenerState(state.starts, state.crash)
        elif failed := _failure(entry, functions):
            state = replace(failed, starts=state.starts, crash=state.crash, failures=state.failures + 1)
    return state


def has_started(log: str, function: str) -> bool | None:
    """Whether the last try to start the function's listener succeeded; None when the log does not say."""
    last = None
    for entry in entries(log):
        for pattern, succeeded in ((_CANNOT_START, False), (_STARTS, True)):
            if (found := pattern.search(entry.text)) and found["function"] == function:
                last = succeeded
    return last


def entries(log: str) -> Iterator[Entry]:
    """The host's own entries; not what the platform and the entry script write."""
    head, body = None, list[str]()
    for raw in log.splitlines():
        line = _COLOUR.sub("", _STAMP.sub("", raw)).rstrip()
        found = _HEAD.match(line)
        if head and not found and (line.startswith(_INDENT) or not line):
            body.append(line.removeprefix(_INDENT))
            continue
        yield from _entry(head, body)
        head, body = found, []
    yield from _entry(head, body)


def _entry(head: re.Match[str] | None, body: list[str]) -> Iterator[Entry]:
    if head and not _USERS.match(head["category"]):
        yield Entry(head["category"], "\n".join(body).strip())


def _success(entry: Entry, functions: Collection[str]) -> bool:
    found = _STARTS.search(entry.text) or _CALLED.match(entry.text)
    return found is not None and found["function"] in functions


def _failure(entry: Entry, functions: Collection[str]) -> ListenerState | None:
    if _DOWN in entry.text:
        return ListenerState(failure=_flat(entry.text), lasting=True)
    if found := _CANNOT_START.search(entry.text):
        return ListenerState(failure=_flat(entry.text), lasting=True) if found["function"] in functions else None
    owner = _OF_FUNCTION.match(entry.category)
    if _IN_VAIN.search(entry.text) and (owner is None or owner["function"] in functions):
        return ListenerState(failure=_flat(entry.text))
    return None


def _flat(entry: str) -> str:
    """On one line, without the stack trace."""
    lines = (line.strip() for line in entry.splitlines())
    text = " ".join(line for line in lines if line and not line.startswith(("at ", "--- ")))
    return in_one_line(text, _LONGEST)
