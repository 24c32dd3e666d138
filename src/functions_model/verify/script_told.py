"""What an app tells of its script, as a failure of the run or as warnings after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from functions_model.core.failures import NotLive
from functions_model.verify.app import AppClient
from functions_model.verify.causes import named_cause
from functions_model.verify.logs import container_log, scrubbed, tail, to_turn_on
from functions_model.verify.nouns import Verified
from functions_model.verify.scoring import WrongAnswer, noted
from functions_model.verify.script import ToldWarning, told, warnings
from functions_model.verify.sources import Sources


def raised_by_script(app: AppClient, wrong: WrongAnswer) -> NotLive | None:
    """The failure in the words of the script's own exception, on the user's own line; None where the app has none.

    Args:
        app: It was asked.
        wrong: Its answer.
    """
    raised = noted(app, wrong.failure).raised if wrong.failure else None
    if raised is None:
        return None
    words = told(raised, app.expected.sources or Sources(Path.cwd()), wrong.sample)
    if cause := named_cause(raised.type, app.endpoint):  # MemoryError: what helps is the host's to say
        words = replace(words, remedy=cause.remedy)
    log = container_log(app.endpoint)
    # A log that is off, or late, has no traceback. Where it is, its lines are indented.
    has_it = all(line.strip() in log.text for line in raised.traceback.splitlines())
    traceback = "" if has_it else f"{scrubbed(raised.traceback, app.all_secrets)}\n"
    detail = f"{traceback}The app's log ends with:\n{tail(scrubbed(log.text, app.all_secrets))}"
    reason, remedy = (scrubbed(text, app.all_secrets) for text in (words.reason, words.remedy + to_turn_on(log)))
    return NotLive(f"verify {app.endpoint.name}", reason, remedy, location=words.location, detail=detail)


def warnings_of_script(app: AppClient, verified: Verified) -> tuple[ToldWarning, ...]:
    """What the script of this build has warned of, after what is told already."""
    if app.expected.sources is None or verified.unproven:
        return verified.warnings
    found = warnings(noted(app).warned, app.expected.sources)
    return (*verified.warnings, *(replace(one, text=scrubbed(one.text, app.all_secrets)) for one in found))
