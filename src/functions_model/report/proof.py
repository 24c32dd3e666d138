"""How much is known of an app that was verified, in words: the same ones in the log, beside it, and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions_model.ci.host import Level
from functions_model.core.names import CANDIDATE, MOVE
from functions_model.pipeline.events import AppVerified
from functions_model.report.formatting import duration

if TYPE_CHECKING:
    from functions_model.verify import Reached
    from functions_model.verify.noted import Times

NOTHING_SCORED = "`init()` has run in the app; nothing was scored, as there is no `sample-request`."

# By the words of `verify.nouns.Reach`: a run that only makes an image does not wait for what verifies.
_REACHED = {
    "unknown": "not everything that it needs could be looked at",
    "quiet": "since its host started, its listener has reported no failure for as long as it needs to report one",
    "ready": "what it listens to is there and enabled, the app may use it, and network rules let the app in",
    "proven": "a probe of this run went in, and its answer came out",
}


def state_of(event: AppVerified) -> str:
    """`live`: `init()` has returned in the app. `unproven`: that could not be seen."""
    return "unproven" if event.verified.unproven else "live"


def caveats(event: AppVerified) -> Iterator[tuple[Level, str]]:
    """What was not seen, in sentences, and how grave that is."""
    verified = event.verified
    if not (verified.unproven or verified.scored):
        yield Level.NOTICE, NOTHING_SCORED
    if verified.reached and verified.reached.unheard:
        yield Level.NOTICE, _unheard(verified.reached)
    if verified.short_of_memory:
        yield Level.WARNING, verified.short_of_memory
    if warnings := [*([_unproven(event)] if verified.unproven else []), *filter(None, [verified.unseen])]:
        yield Level.WARNING, " ".join(warnings)


def _unproven(event: AppVerified) -> str:
    where = f"{CANDIDATE} `{event.candidate}`" if event.candidate else "app"
    why = f"`init()` could not be seen to run, as {event.verified.unproven}"
    return f"The {where} is unproven, not live: {why}. Nothing was scored."


def _unheard(reached: Reached) -> str:
    return (
        f"The trigger is {reached.word}, not quiet: whether its listener fails could not be heard: {reached.unheard}."
    )


def times_text(event: AppVerified) -> str:
    """What the start took, and the memory, beside those of the version before, where that one still told its own.

    "Started in 3.1 s (import 2.4 s, `init()` 650 ms), first answer 12 ms, 412 MiB of 3.5 GiB." Empty without any.
    """
    verified = event.verified
    if verified.times is None:
        return ""
    now, before = _times(verified.times, verified.memory_gib), verified.times_before
    return f"Started in {now}." + (f" The version before: {_times(before)}." if before else "")


def _times(times: Times, memory_gib: float | None = None) -> str:
    steps = [("import", times.imported), ("`init()`", times.init)]
    parts = ", ".join(f"{name} {_took(seconds)}" for name, seconds in steps if seconds is not None)
    told = [f"{_took(times.start)} ({parts})" if parts else _took(times.start)]
    if times.first_answer is not None:
        told.append(f"first answer {_took(times.first_answer)}")
    if times.memory_mib:
        told.append(f"{times.memory_mib} MiB" + (f" of {memory_gib:.3g} GiB" if memory_gib else ""))
    return ", ".join(told)


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.95 else duration(seconds)


def trigger_text(event: AppVerified) -> str:
    """How far a blob or queue trigger has come, in sentences; empty with an HTTP trigger."""
    reached = event.verified.reached
    if reached is None:
        return ""
    said = f"The trigger is {reached.word}: {_REACHED[reached.word]}."
    if reached.unseen:
        said += f" Not looked at: {'; '.join(reached.unseen)}."
    if reached.unheard:
        said += f" Whether its listener fails could not be heard: {reached.unheard}."
    if reached.left:
        said += f" {reached.left}"
    return f"{said} In the {CANDIDATE} it is off, and listens after a {MOVE}." if event.candidate else said
