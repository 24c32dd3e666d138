"""What a run lends to whoever writes resources, and the patience that each write has with what passes by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from azure.core.exceptions import AzureError, HttpResponseError

from functions_model.azure.errors import ServiceError, explain, retry_after
from functions_model.azure.misread import understanding, understood
from functions_model.core.sending import Retries
from functions_model.provision.changes import Written


def discard(_: object) -> None:
    """Do nothing with it."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """The outside world of a run, as far as writing and verifying need it.

    Attributes:
        report: Takes a line for each change that is done, and for each reason to wait.
        written: Takes each change that is done, as soon as it is.
        mask: Takes each secret that is read or made.
        clock: Seconds, of any origin.
        sleep: Waits; seconds.
    """

    report: Callable[[str], None] = discard
    written: Callable[[Written], None] = discard
    mask: Callable[[str], None] = discard
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


ALONE = RunContext()
"""Nobody listens."""


LONGEST = 300.0
"""Seconds that one change may wait in all. A namespace takes 45 s, and another deployment's app a minute or two."""
_RETRIES = Retries(first=2.0)
"""Between two tries. How many there are is a matter of `LONGEST`."""
POLL = 2.0
"""Seconds between two looks at something that is under way."""
_NOT_REGISTERED = "provider-not-registered"

_Result = TypeVar("_Result")


def _by_itself(error: ServiceError) -> bool:
    return error.passes


def _nothing_to_register(patience: Patience, namespace: str) -> None:
    """A resource that is there already needs no provider registered."""


class WaitedInVain(Exception):
    """What would have passed by itself did not, in the time that there is for it.

    Args:
        cause: What the service said last.
        seconds: How long it was waited for.
    """

    def __init__(self, cause: Exception, seconds: float) -> None:
        self.cause = cause
        self.seconds = seconds
        super().__init__(str(cause))


def explained(error: Exception, action: str) -> ServiceError:
    """Why a write failed; where it was waited for in vain, what the service said last.

    Args:
        error: What `Patience.through` raised.
        action: What was tried, for people: "create the plan `p`".
    """
    return explain(error.cause if isinstance(error, WaitedInVain) else error, action)


@dataclass(slots=True)
class Patience:
    """The patience with one change: every wait of it comes from the same time.

    Attributes:
        what: What is written, for people: "the plan `p`".
        sleep: Waits; seconds.
        report: Takes a line for each new reason to wait.
        register: Registers the resource provider of that name, and waits for it with the same patience.
        longest: Seconds, in all.
        waited: Seconds so far.
    """

    what: str
    sleep: Callable[[float], None]
    report: Callable[[str], None]
    register: Callable[[Patience, str], None] = _nothing_to_register
    longest: float = LONGEST
    waited: float = 0.0
    _told: set[str] = field(default_factory=set)
    _registered: set[str] = field(default_factory=set)

    def through(self, write: Callable[[], _Result], *, passes: Callable[[ServiceError], bool] = _by_itself) -> _Result:
        """Do it, again and again while what is in the way passes by itself. It must be safe to do twice.

        Args:
            write: Sends the requests.
            passes: Whether doing it again may help.

        Raises:
            WaitedInVain: It did not pass.
            AzureError: What `write` raised, where waiting is no help.
        """
        tries = 0
        while True:
            try:
                with understood():
                    return write()
            except AzureError as exc:
                error = explain(exc, f"write {self.what}")
                if error.cause == _NOT_REGISTERED and self._register(exc, error):
                    continue
                if not passes(error):
                    raise
                tries += 1
                seconds = _RETRIES.pause(tries, retry_after(exc))
                if self.waited + seconds > self.longest:
                    raise WaitedInVain(exc, self.waited) from exc
                self._wait(seconds, f"Waiting for {self.what}: {error.reason}.", error.cause)

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Look at something that is under way until it is done.

        Args:
            is_so: Looks.
            what: What is waited for, a clause: "the registration of Microsoft.Web".

        Raises:
            TimeoutError: It was not done in time.
        """
        while not understanding(is_so)():
            if self.waited + POLL > self.longest:
                message = f"{what} did not end within {self.waited:.0f} s"
                raise TimeoutError(message)
            self._wait(POLL, f"Waiting for {what}.", what)

    def _wait(self, seconds: float, text: str, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            self.report(text)
        self.waited += seconds
        self.sleep(seconds)

    def _register(self, exc: Exception, error: ServiceError) -> bool:
        """Register the provider that is missing; False when that was done already, or when the login may not."""
        namespace = error.named["namespace"]
        if namespace in self._registered:
            return False
        self._registered.add(namespace)
        self.report(f"Registering {namespace}: {error.reason}.")
        try:
            self.register(self, namespace)
        except HttpResponseError:
            raise exc from None
        return True
