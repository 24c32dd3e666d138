"""What an app tells of its script, as a failure of the run or as warnings after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from functions_model.core.failures import NotLive
from functions_model.provision.endpoint import Endpoint
from functions_model.verify.app import AppClient
from functions_model.verify.causes import named_cause
from functions_model.verify.logs import container_log, scrubbed, tail, to_turn_on
from functions_model.verify.noted import Times
from functions_model.verify.nouns import Verified
from functions_model.verify.scoring import WrongAnswer, noted
from functions_model.verify.script import told, warnings
from functions_model.verify.sources import Sources

NEARLY = 0.8
"""So much of an instance's memory is worth a word."""


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


def told_by_script(app: AppClient, verified: Verified) -> Verified:
    """The same, with what the script of this build has warned of until now, and what its start took."""
    if app.expected.sources is None or verified.unproven:
        return verified
    said = noted(app)
    found = warnings(said.warned, app.expected.sources)
    warned = (*verified.warnings, *(replace(one, text=scrubbed(one.text, app.all_secrets)) for one in found))
    there = memory_gib(said.times, app.endpoint)
    short = short_of_memory(said.times, there, app.endpoint)
    return replace(verified, warnings=warned, times=said.times, memory_gib=there, short_of_memory=short)


def memory_gib(times: Times | None, endpoint: Endpoint) -> float | None:
    """What an instance has: by its host's word, else by the app's own; None where neither is known."""
    own = times.there_mib / 1024 if times and times.there_mib else None
    return endpoint.memory_gib or own


def short_of_memory(times: Times | None, there: float | None, endpoint: Endpoint) -> str:
    """That the memory of an instance is nearly used up, and what helps, in sentences; empty while it is not.

    Args:
        times: Of the app's process; None where it does not tell.
        there: GiB of an instance; None where that is not known.
        endpoint: The app.
    """
    held = times.memory_mib if times else None
    if not held or not there or held < NEARLY * there * 1024:
        return ""
    return (
        f"The app has held {held} MiB at once, {held / there / 10.24:.0f} % of the {there:.3g} GiB of an instance."
        f" A larger request, or one more at a time, may end it. {endpoint.words['memory']}."
    )
