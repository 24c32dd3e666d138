"""The listeners of an app's functions, judged by its log: whether they are quiet, whether an error of them is stale.

A listener is quiet when the log holds no failure of it for long enough. A host keeps an error of a function whose
listener has started since: the log tells, or a restart clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

from functions_model.core.failures import NotLive
from functions_model.provision import RunContext
from functions_model.provision.endpoint import NoLog, NotYet
from functions_model.verify.app import AppClient
from functions_model.verify.listener_log import ListenerState, has_started, listener_state

LISTENING_SECONDS = {
    # What is not transient (no queue, no role, a firewall) is reported at the first try. What is (no such name) after
    # three more, 0.8 s, 1.6 s and 3.2 s apart: azure-sdk-for-net, Azure.Messaging.ServiceBus/src/Primitives/
    # ServiceBusRetryOptions.cs. The rest is for a token and a connection.
    "service-bus-queue": 20.0,
    # The first look begins at once (azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/src/Listeners/
    # SharedBlobListener.cs), and its client tries again as the one above: sdk/core/Azure.Core/src/RetryOptions.cs.
    "blob": 20.0,
}
"""How long the listener of each trigger needs, after the start of its host, to report its first failure."""
_LOOKS, _AGAIN_SECONDS = 3, 5.0
"""So often is a log looked at that does not say that its host has started, and so many seconds after one another: a log
may come late, or its app has run for so long that the start is cut off."""
_RESTARTS = 3
"""So often is a host seen to start again before that is its failure."""
AFTER_RESTART = 60.0
"""Seconds that a host has to come back."""
_LONGEST_PAUSE = 16.0


class Failing(Exception):
    """The listener fails. The text is what the log says of it, a clause without a full stop."""


@dataclass(slots=True)
class Listening:
    """Listens to the listeners of one app.

    Attributes:
        seconds: How long they need to report their first failure.
        functions: Whose listeners.
        read: The log. Raises `NoLog`.
        excuse: Why a failure will end by itself, a clause; empty when it will not.
        context: What the run lends: told what is waited for.
        since: When the host was first seen to run; None while it was not.
    """

    seconds: float
    functions: Collection[str]
    read: Callable[[], str]
    excuse: Callable[[str], str]
    context: RunContext
    since: float | None = None

    def begin(self) -> None:
        """The host runs. What it has been running for is spent already when it is listened to."""
        if self.since is None:
            self.since = self.context.clock()

    def forget(self) -> None:
        """The host does not run, or runs another build."""
        self.since = None

    def listen(self) -> None:
        """Wait until the listeners have been quiet for long enough. The log is read once when they are.

        Raises:
            Failing: One of them fails.
            NoLog: The log does not tell.
        """
        self.begin()
        before: ListenerState | None = None
        looks = restarts = 0
        while True:
            self._wait(before)
            now, looks = listener_state(self.read(), self.functions), looks + 1
            if not now.starts:
                if looks >= _LOOKS:
                    raise NoLog("the app's log does not say that the host has started")
                self.context.sleep(_AGAIN_SECONDS)
                continue
            if now.crash if before is None else now.starts > before.starts:
                restarts += not self.excuse(now.crash)
                if restarts >= _RESTARTS:
                    raise Failing(f"its host starts again and again: {now.crash or now.failure or 'it says nothing'}")
            elif self._is_quiet(now, before):
                return
            before, self.since = now, self.context.clock()

    def _wait(self, before: ListenerState | None) -> None:
        left = (self.since or 0.0) + self.seconds - self.context.clock()
        if left <= 0:
            return
        failure = before.failure or before.crash if before else ""
        excuse = self.excuse(failure) if failure else ""
        why = f" ({excuse})" if excuse else ""
        self.context.report(
            f"Listening to the trigger for {left:.0f} s more: its failures are in the app's log alone{why}."
        )
        self.context.sleep(left)

    def _is_quiet(self, now: ListenerState, before: ListenerState | None) -> bool:
        """Whether there is no failure, or none any more: those of a time before what they lacked was there have ended.

        Raises:
            Failing: They go on.
        """
        if not now.failures:
            return True
        known = before.failures if before else 0
        if not now.lasting and now.failures == known:
            return True
        goes_on = now.lasting or 0 < known < now.failures
        if goes_on and not self.excuse(now.failure):
            raise Failing(now.failure)
        return False


@dataclass(slots=True)
class StaleErrors:
    """Looks for errors that a host keeps of functions whose listeners have started since.

    Attributes:
        app: The app.
        read: Its log. Raises `NoLog`.
        context: What the run lends.
        restarted: Whether its host was restarted.
    """

    app: AppClient
    read: Callable[[], str]
    context: RunContext
    restarted: bool = False
    _next: float = 0.0
    _pause: float = 1.0

    def overcome(self, functions: tuple[str, ...]) -> bool:
        """Whether one of the functions has started listening since. The log is asked with growing pauses."""
        if not functions or self.context.clock() < self._next:
            return False
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._next = self.context.clock() + self._pause
        started = {name for name, state in self._states(functions).items() if state}
        self.app.overcome |= started
        return bool(started)

    def restart(self, functions: tuple[str, ...]) -> bool:
        """Restart the host, once, unless the log says that a listener still cannot start; whether that was done."""
        if self.restarted or not functions or False in self._states(functions).values():
            return False
        self.restarted = True
        with suppress(NotYet, NotLive):
            self.app.restart_host()
            return True
        return False

    def _states(self, functions: tuple[str, ...]) -> dict[str, bool | None]:
        log = ""
        with suppress(NoLog):
            log = self.read()
        return {name: has_started(log, name) for name in functions}
