"""How much is known of an app that was verified, in words: the same ones in the log, beside it, and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions_model.ci.host import Level
from functions_model.core.names import CANDIDATE, MOVE
from functions_model.pipeline.events import AppVerified

if TYPE_CHECKING:
    from functions_model.verify import Reached

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
