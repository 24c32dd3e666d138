"""What is live when somebody stops a run half-way: the one thing that they must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import Failure
from functions_model.core.removal import RemovalSpec
from functions_model.pipeline.events import (
    AppVerified,
    ImageBuilt,
    PlanApplied,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
    Swapped,
    UndoBegun,
    UndoEnded,
)
from functions_model.provision import through_slot
from functions_model.report.figures import count
from functions_model.report.finding import every, last

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import Event
    from functions_model.provision import ResourcePlan


def stopped(spec: DeploymentSpec | RemovalSpec | None, events: Sequence[Event]) -> Failure:
    """The run as a failure that says what is live.

    Args:
        spec: None when the inputs had not been read.
        events: What had happened until then, in order.
    """
    return Failure("finish", "the run was stopped", _what_is_live(spec, events))


def _what_is_live(spec: DeploymentSpec | RemovalSpec | None, events: Sequence[Event]) -> str:
    if isinstance(spec, RemovalSpec):
        return _what_is_left(events)
    planned, built = last(events, PlanMade), last(events, ImageBuilt)
    if spec is None or spec.target is None or planned is None or built is None:
        return "No Azure resource was touched."
    app, image, plan = f"The function app `{spec.target.app_name}`", built.reference.pinned, planned.plan
    if story := _undo_story(app, events):
        return story
    verified = last(events, AppVerified)
    if verified and not verified.slot:
        return f"{app} is live with `{image}`."
    if through_slot(plan.wanted, plan.observed):
        return _beside(app, image, plan, events)
    return _unverified(app, image, _runs(plan), last(events, PlanApplied))


def _undo_story(app: str, events: Sequence[Event]) -> str:
    if undone := last(events, UndoEnded):
        return undone.story
    begun = last(events, UndoBegun)
    wait = "was being put back: look at what it runs, or run again"
    return f"{app} was not live, and `{begun.image}` {wait}." if begun else ""


def _runs(plan: ResourcePlan) -> str:
    """The image that ran before; nothing for an app that was not there."""
    return plan.observed.app.runs.removeprefix("DOCKER|") if plan.observed.app else ""


def _beside(app: str, image: str, plan: ResourcePlan, events: Sequence[Event]) -> str:
    """With a slot, the app itself is touched by the swap alone."""
    slot, previous = plan.wanted.slot, _runs(plan)
    if last(events, Swapped):
        return f"{app} runs `{image}`, which is not verified there; `{previous}` is in the slot `{slot}`."
    state = "is live in" if last(events, AppVerified) else "was on its way to"
    swap = ", unless a swap had begun" if plan.swap else ""
    runs = f"runs `{previous}` as before{swap}" if previous else "is new, and not verified"
    return f"`{image}` {state} the slot `{slot}`. {app} itself {runs}."


def _what_is_left(events: Sequence[Event]) -> str:
    gone = len(every(events, ResourceWritten))
    began = f"{count(gone, 'resource')} had been removed. " if gone else ""
    return f"{began}Run again to remove the rest." if last(events, RemovalPlanned) else "Nothing was removed."


def _unverified(app: str, image: str, previous: str, applied: PlanApplied | None) -> str:
    if applied is None:
        then = f"ran `{previous}` before" if previous else "did not exist before"
        return f"Some resources may have been written, others not. Run again: what was done is kept. {app} {then}."
    if not applied.applied.changed:
        return f"Nothing was written. {app} runs `{image}`, as before; that it is live was not verified."
    then = f" Before this run it ran `{previous}`." if previous else ""
    return f"{app} runs `{image}`, which is not verified. Run again to verify it.{then}"
