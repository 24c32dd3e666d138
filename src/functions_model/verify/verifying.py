"""Waiting for the app, and proving that it is live with this build."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.verify.app import LiveApp, NotYet, OtherBuild, find_app, fresh_session
from functions_model.verify.causes import named_cause
from functions_model.verify.logs import container_log, scrubbed, tail
from functions_model.verify.new_roles import LONGEST, denied_for_now
from functions_model.verify.nouns import Verified
from functions_model.verify.phases import Sighting, look
from functions_model.verify.sample import WrongAnswer, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import requests

    from functions_model.azure.clients import AzureClients
    from functions_model.ci.host import CiHost
    from functions_model.verify.nouns import ExpectedApp

FIRST_PAUSE, POLL_SECONDS = 0.25, 2.0
"""Seconds between two looks: short at first, since a warm app is up within one, then longer up to the second."""
_GROWTH = 1.5
_SILENCE = 10.0
"""Seconds after which a reason is told again, so that the log never seems to hang."""
_TIMED_OUT = "Look at the container log below, or give the app more time with `verify-timeout`."
_WRONG_ANSWER = "Correct the entry script or the sample request; the container log has more."


def verify(
    clients: AzureClients,
    expected: ExpectedApp,
    *,
    timeout: float,
    ci: CiHost,
    secrets: Iterable[str] = (),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    session: requests.Session | None = None,
) -> Verified:
    """Wait until the app is live with the expected build, then score the sample request once.

    Args:
        clients: Of the subscription.
        expected: What must answer.
        timeout: Seconds that the app has. Those in which its new roles do not count yet come on top, up to ten minutes.
        ci: Is told what is waited for, and masks the keys.
        secrets: Values that may stand in the container log and must not be shown.
        clock: Seconds.
        sleep: Waits; seconds.
        session: Sends the requests to the app.

    Raises:
        NotLive: The app is missing or stopped, did not come alive in time, or did not score the sample. The detail is
            the tail of its container log.
    """
    with session or fresh_session() as opened:
        app = find_app(clients, expected, ci.mask, opened)
        watch = _Watch(app, clients, timeout, ci.info, tuple(secrets), clock, sleep, clock())
        return watch.run()


class _TimedOut(Exception):
    """The time is over. The text is the last reason."""


@dataclass(frozen=True, slots=True)
class _Watch:
    """One app, watched until it is live or the time is over."""

    app: LiveApp
    clients: AzureClients
    timeout: float
    report: Callable[[str], None]
    secrets: tuple[str, ...]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    started: float

    def run(self) -> Verified:
        try:
            sighting, attempts = self._wait()
            answer = self._sample()
        except _TimedOut as exc:
            reason = f"it was not live after {self._seconds():.0f} s: {exc}"
            raise self._not_live(reason, _TIMED_OUT) from exc
        except (WrongAnswer, NotYet) as exc:
            body = exc.body if isinstance(exc, WrongAnswer) else ""
            raise self._not_live(str(exc), _WRONG_ANSWER, body) from exc
        return Verified(
            functions=sighting.functions,
            scoring_url=self.app.url + self.app.expected.sample_route,
            answer=scrubbed(answer, self._known()),
            attempts=attempts,
            seconds=self._seconds(),
            app_url=self.app.url,
            host_version=sighting.host_version,
        )

    def _wait(self) -> tuple[Sighting, int]:
        told, told_at, attempts, pause, deadline = "", self.clock(), 0, FIRST_PAUSE, self.timeout
        asked_at = self.clock()
        while True:
            attempts += 1
            try:
                return self._look(), attempts
            except NotYet as exc:
                reason = str(exc)
                if isinstance(exc, OtherBuild) and self.app.expected.image and self.clock() - asked_at >= _SILENCE:
                    asked_at = self.clock()
                    self.app.check_image()
            if self._seconds() >= deadline:
                told, deadline = "", self._later(reason)
            if reason != told or self.clock() - told_at >= _SILENCE:
                self.report(f"Waiting for {self.app.url}: {scrubbed(self._why(reason), self._known())}.")
                told, told_at = reason, self.clock()
            self.sleep(min(pause, deadline - self._seconds()))
            pause = min(pause * _GROWTH, POLL_SECONDS)

    def _later(self, reason: str) -> float:
        """The next end of the time, while new roles do not count yet.

        Raises:
            _TimedOut: They are not what keeps the app, or they had their time as well.
        """
        latest = self.timeout + LONGEST
        if self._seconds() >= latest or not self._denied(reason):
            raise _TimedOut(reason)
        return min(self._seconds() + _SILENCE, latest)

    def _why(self, reason: str) -> str:
        """The reason, or the new role that is behind it. The first seconds are the container's own."""
        if self._seconds() < min(_SILENCE, self.timeout) or not (denied := self._denied(reason)):
            return reason
        return (
            f"a role that this run assigned does not count yet, which can take Azure some minutes ({denied}; {reason})"
        )

    def _denied(self, reason: str) -> str:
        """What the app's new roles do not allow it yet; only a run that assigned some asks for the log."""
        if not self.app.expected.new_roles:
            return ""
        expected = self.app.expected
        return denied_for_now(expected.new_roles, container_log(self.clients, expected), reason)

    def _look(self) -> Sighting:
        sighting = look(self.app)
        self.app.sync_triggers()
        return sighting

    def _sample(self) -> str:
        sample = self.app.expected.sample_request
        return score(self.app, sample, self.timeout - self._seconds()) if sample is not None else ""

    def _not_live(self, reason: str, remedy: str, body: str = "") -> NotLive:
        """The failure, with the cause that the container log, the reason itself or the answer names."""
        log = container_log(self.clients, self.app.expected)
        if cause := named_cause(f"{log}\n{reason}\n{body}"):
            reason, remedy = f"{cause.meaning} ({reason})", cause.remedy
        said = f"The answer:\n{body}\n" if body else ""
        detail = scrubbed(f"{said}The container log ends with:\n{tail(log)}", self._known())
        action = f"verify {self.app.expected}"
        return NotLive(action, scrubbed(reason, self._known()), remedy, detail=detail)

    def _known(self) -> set[str]:
        return {*self.secrets, *self.app.secrets}

    def _seconds(self) -> float:
        return self.clock() - self.started
