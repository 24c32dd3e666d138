"""Waiting for the app, and proving that it is live with this build."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.verify.app import LiveApp, NotYet, find_app
from functions_model.verify.causes import named_cause
from functions_model.verify.logs import container_log, scrubbed, tail
from functions_model.verify.nouns import SCORE_ROUTE, Verified
from functions_model.verify.phases import Sighting, look
from functions_model.verify.sample import WrongAnswer, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import requests

    from functions_model.azure.clients import AzureClients
    from functions_model.ci.host import CiHost
    from functions_model.verify.nouns import ExpectedApp

POLL_SECONDS = 2.0
_SILENCE = 10.0
"""Seconds after which a reason is told again, so that the log never seems to hang."""
_TIMED_OUT = "Look at the container log below, or give the app more time with `verify-timeout`."


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
        timeout: Seconds that the app has.
        ci: Is told what is waited for, and masks the keys.
        secrets: Values that may stand in the container log and must not be shown.
        clock: Seconds.
        sleep: Waits; seconds.
        session: Sends the requests to the app.

    Raises:
        NotLive: The app is missing or stopped, did not come alive in time, or did not score the sample. The detail is
            the tail of its container log.
    """
    started = clock()
    app = find_app(clients, expected, ci.mask, session)
    known = [*secrets]
    try:
        sighting, attempts = _wait(app, started + timeout, ci.info, clock, sleep)
        answer = ""
        if expected.sample_request is not None:
            answer = score(app, expected.sample_request, started + timeout - clock())
    except _TimedOut as exc:
        reason = f"it was not live after {clock() - started:.0f} s: {exc}"
        raise _not_live(clients, app, reason, _TIMED_OUT, known) from exc
    except (WrongAnswer, NotYet) as exc:
        remedy = "Correct the entry script or the sample request; the container log has more."
        body = getattr(exc, "body", "")
        raise _not_live(clients, app, str(exc), remedy, known, body=body) from exc
    return Verified(
        functions=sighting.functions,
        scoring_url=app.url + SCORE_ROUTE,
        answer=scrubbed(answer, {*known, *app.secrets}),
        attempts=attempts,
        seconds=clock() - started,
        app_url=app.url,
        host_version=sighting.host_version,
    )


class _TimedOut(Exception):
    """The time is over. The text is the last reason."""


def _wait(
    app: LiveApp,
    deadline: float,
    report: Callable[[str], None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> tuple[Sighting, int]:
    told, told_at, attempts = "", clock(), 0
    while True:
        attempts += 1
        try:
            sighting = look(app)
            if app.expected.sync_triggers:
                app.sync_triggers()
        except NotYet as exc:
            reason = str(exc)
        else:
            return sighting, attempts
        if clock() >= deadline:
            raise _TimedOut(reason)
        if reason != told or clock() - told_at >= _SILENCE:
            report(f"Waiting for {app.url}: {reason}.")
            told, told_at = reason, clock()
        sleep(POLL_SECONDS)


def _not_live(
    clients: AzureClients, app: LiveApp, reason: str, remedy: str, secrets: list[str], *, body: str = ""
) -> NotLive:
    """The failure, with the cause that the container log names."""
    known = {*secrets, *app.secrets}
    log = container_log(clients, app.expected)
    if cause := named_cause(f"{log}\n{body}"):
        reason, remedy = f"{cause.meaning} ({reason})", cause.remedy
    said = f"The answer:\n{body}\n" if body else ""
    detail = f"{said}The container log ends with:\n{tail(log)}"
    action = f"verify the function app `{app.expected.app_name}`"
    return NotLive(action, scrubbed(reason, known), remedy, detail=scrubbed(detail, known))
