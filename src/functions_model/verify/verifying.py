"""Waiting for the app, and proving that it is live with this build."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

import requests

from functions_model.core.failures import NotLive
from functions_model.provision import RunContext
from functions_model.provision.endpoint import Endpoint, NoLog, NotYet
from functions_model.verify.answers import odd_answer
from functions_model.verify.app import AppClient, fresh_session
from functions_model.verify.causes import NEW_ROLES_SECONDS, denied_for_now, named_cause
from functions_model.verify.listeners import AFTER_RESTART, Failing, Listening, StaleErrors
from functions_model.verify.logs import container_log, scrubbed, shortened, tail, to_turn_on
from functions_model.verify.noted import Times
from functions_model.verify.nouns import Expected, InError, OtherBuild, Reached, Verified
from functions_model.verify.phases import look, unseen
from functions_model.verify.scoring import WrongAnswer, load_model, score, times_of_other
from functions_model.verify.script import ToldWarning
from functions_model.verify.script_told import raised_by_script, told_by_script
from functions_model.verify.unloadable import LoadFailures, Unloadable

FIRST_PAUSE, POLL_SECONDS = 0.25, 2.0
"""Seconds between two looks: short at first, since a warm app is up within one, then longer up to the second."""
_GROWTH = 1.5
_SILENCE = 10.0
"""Seconds after which a reason is told again, so that the log never seems to hang."""
_TIMED_OUT = "Look at the app's log below, or give the app more time with `verify-timeout`."
_FAILING = "Check what the message names, and run again."
_UNLOADABLE = (
    "It is not the entry script, which is not imported for that. Remove the package that hides what the log names from"
    " the environment, or use a `base-image` that has it."
)
_WRONG_ANSWER = "Correct the entry script or the sample request; the app's log has more."


def verify(
    endpoint: Endpoint,
    expected: Expected,
    *,
    timeout: float,
    context: RunContext,
    session: requests.Session | None = None,
) -> Verified:
    """Wait until the app runs the expected build, `init()` has returned in it, and it has scored the sample request.

    The listener of its trigger must be quiet after that, if it listens.

    Args:
        endpoint: The app.
        expected: What must be live.
        timeout: Seconds that the app has. Those in which its new roles do not count yet come on top, up to ten minutes.
        context: What the run lends: it is told what is waited for, and masks the keys.
        session: Sends the requests to the app.

    Raises:
        NotLive: The app is missing or stopped, did not come alive in time, `init()` failed, the sample was not
            scored, or its trigger's listener fails. The detail is the tail of its container log.
        Overtaken: Somebody else has deployed another image to it.
    """
    with session or fresh_session() as opened:
        app = AppClient(endpoint, endpoint.find(), expected, context.mask, opened)
        return _Watch(app, timeout, context, context.clock()).run()


class _TimedOut(Exception):
    """The time is over. The text is the last reason."""


@dataclass(slots=True)
class _Watch:
    """One app, watched until it is live or the time is over."""

    app: AppClient
    timeout: float
    context: RunContext
    started: float
    stale: StaleErrors = field(init=False)
    listening: Listening = field(init=False)
    loading: LoadFailures = field(init=False)
    times_before: Times | None = None
    has_asked_before: bool = False

    def __post_init__(self) -> None:
        self.loading = LoadFailures(self.app)
        seconds, functions = self.app.expected.listening_seconds, self.app.expected.triggered
        self.stale = StaleErrors(self.app, self._read, self.context)
        self.listening = Listening(seconds, functions, self._read, self._excuse, self.context)

    def run(self) -> Verified:
        try:
            verified = self._wait()
        except _TimedOut as exc:
            reason = f"it was not live after {self._seconds():.0f} s: {exc}"
            raise self._not_live(reason, _TIMED_OUT) from exc
        except WrongAnswer as exc:
            if failure := raised_by_script(self.app, exc):
                raise failure from exc
            raise self._not_live(str(exc), exc.remedy or _WRONG_ANSWER, exc.body, names_cause=not exc.remedy) from exc
        except Unloadable as exc:
            reason = f"none of its functions can be imported: {exc}"
            raise self._not_live(reason, _UNLOADABLE, names_cause=False) from exc
        reached = self._listen(verified)
        return replace(told_by_script(self.app, verified), reached=reached, times_before=self.times_before)

    def _odd(self, answer: str | None) -> tuple[ToldWarning, ...]:
        sample, sources = self.app.expected.sample_request, self.app.expected.sources
        return odd_answer(answer, sample.name, sources) if answer is not None and sample and sources else ()

    def _listen(self, verified: Verified) -> Reached | None:
        """How far the trigger has come, after it was listened to.

        Raises:
            NotLive: Its listener fails.
        """
        reached = verified.reached
        if reached is None or not self.app.expected.listening_seconds or verified.unproven:
            return reached
        try:
            self.listening.listen()
        except NoLog as exc:
            return replace(reached, unheard=self._scrubbed(str(exc)))
        except Failing as exc:
            raise self._not_live(f"its trigger does not work: {exc}", _FAILING) from exc
        return reached.quiet()

    def _wait(self) -> Verified:
        told, told_at, attempts, pause, deadline = "", self.context.clock(), 0, FIRST_PAUSE, self.timeout
        asked_at = self.context.clock()
        while True:
            attempts += 1
            try:
                return self._look(attempts)
            except NotYet as exc:
                reason, listeners = str(exc), exc.listeners if isinstance(exc, InError) else ()
                self.loading.note(exc, self._seconds())
                if self.stale.overcome(listeners):
                    continue
                if isinstance(exc, OtherBuild) and not self.has_asked_before:
                    self.has_asked_before, self.times_before = True, times_of_other(self.app)
                if self.app.expected.image and self.context.clock() - asked_at >= _SILENCE:
                    asked_at = self.context.clock()
                    # Somebody else's version may answer otherwise, or not at all; and the app may be gone.
                    with suppress(NotYet):
                        self.app.check_image()
            if self._seconds() >= deadline:
                told, deadline = "", self._later(reason, listeners)
            if reason != told or self.context.clock() - told_at >= _SILENCE:
                normal = ", which is normal while it starts" if attempts == 1 else ""
                self.context.report(f"Waiting for {self.app.url}: {self._scrubbed(self._why(reason))}{normal}.")
                told, told_at = reason, self.context.clock()
            self.context.sleep(min(pause, deadline - self._seconds()))
            pause = min(pause * _GROWTH, POLL_SECONDS)

    def _later(self, reason: str, listeners: tuple[str, ...]) -> float:
        """The next end of the time: after a restart of the host, or while new roles do not count yet.

        Raises:
            _TimedOut: They are not what keeps the app, or they had their time as well.
        """
        if self.stale.restart(listeners):
            self.context.report("Restarted the Functions host, which keeps errors of its functions until then.")
            return self._seconds() + AFTER_RESTART
        latest = self.timeout + NEW_ROLES_SECONDS
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
        endpoint = self.app.endpoint
        return denied_for_now(self.app.expected.new_roles, container_log(endpoint).text, reason, endpoint)

    def _excuse(self, failure: str) -> str:
        """Why a failure will end by itself: a new role does not count yet, which Azure may take its time for."""
        if self._seconds() >= self.timeout + NEW_ROLES_SECONDS:
            return ""
        if denied := denied_for_now(self.app.expected.new_roles, "", failure, self.app.endpoint):
            return f"a role that this run assigned does not count yet: {denied}"
        return ""

    def _read(self) -> str:
        """The app's log.

        Raises:
            NoLog: There is none.
        """
        log = self.app.endpoint.log()
        if log.turn_on:
            raise NoLog(f"the app's log is off; to turn it on: {log.turn_on}")
        return log.text

    def _look(self, attempts: int) -> Verified:
        """What was seen in this look, when it found all in place, or all that can be looked at.

        Raises:
            NotYet: It did not.
            WrongAnswer: `init()` failed, or the sample was not scored.
            NotLive: Azure refuses to say.
        """
        expected = self.app.expected
        try:
            sighting = look(self.app)
        except NotYet:
            self.listening.forget()
            raise
        self.listening.begin()
        self.app.sync_triggers()
        unproven, answer = sighting.unproven, None
        if not unproven and self.app.withholds_keys and (expected.needs_key or self.app.guarded):
            unproven = "Azure cannot list its keys"
        elif not unproven:
            unproven = load_model(self.app, sighting.trigger, self.timeout - self._seconds(), self.context)
            if expected.sample_request is not None:
                answer = score(self.app, expected.sample_request, self.timeout - self._seconds(), self.context)
        return Verified(
            functions=sighting.functions,
            scoring_url=self.app.url + self.app.route(expected.sample_function),
            answer=shortened(self._scrubbed(answer or "")),
            attempts=attempts,
            seconds=self._seconds(),
            app_url=self.app.url,
            host_version=sighting.host_version,
            unseen=unseen(self.app),
            scored=answer is not None,
            unproven=self._scrubbed(unproven),
            reached=expected.reached,
            warnings=self._odd(answer),
        )

    def _not_live(self, reason: str, remedy: str, body: str = "", *, names_cause: bool = True) -> NotLive:
        """The failure, with the cause that the app's log, the reason itself or the answer names, unless it is known."""
        # Before anything is cut: half of a secret is not known any more.
        kept = container_log(self.app.endpoint)
        log = self._scrubbed(kept.text)
        body = shortened(self._scrubbed(body))
        if names_cause and (cause := named_cause(f"{log}\n{reason}\n{body}", self.app.endpoint)):
            reason, remedy = f"{cause.meaning} ({reason})", cause.remedy
        remedy += to_turn_on(kept)
        answer = f"The answer:\n{body}\n" if body else ""
        detail = f"{answer}The app's log ends with:\n{tail(log)}"
        action = f"verify {self.app.endpoint.name}"
        return NotLive(action, self._scrubbed(reason), remedy, detail=detail)

    def _scrubbed(self, text: str) -> str:
        return scrubbed(text, self.app.all_secrets)

    def _seconds(self) -> float:
        return self.context.clock() - self.started
