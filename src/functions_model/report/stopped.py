"""The last words of a run that somebody stops: what was made, what may be, what runs, and the commands that go on.

They are told from what happened, and wait for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import Failure
from functions_model.core.names import CANDIDATE, MOVE
from functions_model.core.removal import RemovalSpec
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.events import (
    AppVerified,
    ImageBuilt,
    ImagePushed,
    Moved,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
    RunStopped,
    UndoBegun,
    UndoEnded,
)
from functions_model.report.finding import every, last
from functions_model.report.formatting import listed
from functions_model.report.proof import word
from functions_model.report.way_back import runs_before, way_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.spec import DeploymentSpec, Target
    from functions_model.pipeline.events import Event
    from functions_model.provision import ResourcePlan

_AGAIN = "Run again to go on from here: what was done is kept."


def stopped(spec: DeploymentSpec | RemovalSpec | None, events: Sequence[Event]) -> Failure:
    """The run as a failure that says what is there, and what runs.

    Args:
        spec: None when the inputs had not been read.
        events: What had happened until then, in order; `RunStopped` is the last.
    """
    if isinstance(spec, RemovalSpec):
        told = _removal(events)
    elif spec is None or spec.target is None:
        told = [*_image(events), "No Azure resource was touched."]
    else:
        told = _deployment(spec, spec.target, events)
    return Failure("finish", "the run was stopped", " ".join(sentence for sentence in told if sentence))


def _begun(events: Sequence[Event]) -> tuple[str, ...]:
    found = last(events, RunStopped)
    return found.begun if found else ()


def _written(events: Sequence[Event]) -> list[str]:
    return [str(event.written.change) for event in every(events, ResourceWritten)]


def _open(events: Sequence[Event], outcome: str) -> str:
    """What was sent, and of which the end is not known."""
    begun = _begun(events)
    return f"Begun, and not known to have ended: {listed(begun)}. {outcome}" if begun else ""


def _removal(events: Sequence[Event]) -> list[str]:
    gone = _written(events)
    return [
        f"Removed: {listed(gone)}." if gone else "",
        _open(events, "Azure may still end it."),
        "Nothing was removed." if not gone and not _begun(events) else "",
        "Run again to remove the rest." if last(events, RemovalPlanned) else "",
    ]


def _image(events: Sequence[Event]) -> list[str]:
    if pushed := last(events, ImagePushed):
        return [f"The image is in the registry: `{pushed.pushed.reference}`."]
    return [_open(events, "The registry may still take it.")]


def _deployment(spec: DeploymentSpec, target: Target, events: Sequence[Event]) -> list[str]:
    touched = [*_written(events), *_begun(events)]
    told = [
        f"Written: {listed(_written(events))}." if _written(events) else "",
        _open(events, "It may still come to its end: look before you count on either."),
        "" if touched else "No Azure resource was touched.",
    ]
    planned = last(events, PlanMade) or last(events, PlanBegun)
    if planned is None:
        return told
    runs = _Runs(target, planned.plan, events)
    again = _AGAIN if touched and not runs.verified else ""
    return [*told, runs.told(), again, way_back(spec, target, planned.plan, touched)]


class _Runs:
    """What the app runs.

    Args:
        target: Names it.
        plan: With what ran before.
        events: What has happened.
    """

    def __init__(self, target: Target, plan: ResourcePlan, events: Sequence[Event]) -> None:
        self._plan, self._events = plan, events
        built = last(events, ImageBuilt)
        self._image = built.reference.pinned if built else ""
        self._app = f"The function app `{target.names.app}`"
        self._before = runs_before(plan)
        self._written = [event.written.change.kind for event in every(events, ResourceWritten)]
        self._begun = _begun(events)
        found = last(events, AppVerified)
        self._word = word(found) if found else ""
        self._beside_app, self.verified = bool(found and found.candidate), bool(found and not found.candidate)

    def told(self) -> str:
        """One sentence or two."""
        if self.verified:
            return f"{self._app} is {self._word} with `{self._image}`."
        if (
            self._image
            and self._plan.wanted.names.candidate
            and host_of(self._plan.wanted.target).is_beside(self._plan)
        ):
            return self._undone() or self._beside()
        return self._undone() or self._itself()

    def _undone(self) -> str:
        if undone := last(self._events, UndoEnded):
            return undone.story
        if not (undo := last(self._events, UndoBegun)):
            return ""
        if self._begun:
            return f"{self._app} was not live, and `{undo.image}` was being put back: it may run either."
        return f"{self._app} runs `{self._image}`, and is not live with it. `{undo.image}` was not put back."

    def _beside(self) -> str:
        """With a candidate, the app itself is touched by the move alone."""
        beside = f"the {CANDIDATE} `{self._plan.wanted.names.candidate}`"
        if last(self._events, Moved):
            there = f"`{self._before}` is in {beside}"
            return f"{self._app} runs `{self._image}`, which is not verified there; {there}."
        if any(one.startswith(f"the {MOVE} ") for one in self._begun):
            either = f"`{self._image}`, or `{self._before}` as before"
            return f"{self._app} may run {either}; the other is then in {beside}."
        state = f"is {self._word} in" if self._beside_app else "was on its way to"
        runs = f"runs `{self._before}` as before" if self._before else "is not verified"
        return f"`{self._image}` {state} {beside}. {self._app} itself {runs}."

    def _itself(self) -> str:
        if "function app" in self._written:
            then = f" Before this run it ran `{self._before}`." if self._before else ""
            return f"{self._app} runs `{self._image}`, which is not verified.{then}"
        if f"t{self._app[1:]}" in self._begun:
            other = f"or `{self._before}` as before" if self._before else "or not be there"
            return f"{self._app} may run `{self._image}`, {other}."
        if not self._before:
            return f"{self._app} was not made."
        changes = any(change.kind == "function app" for change in self._plan.now)
        return f"{self._app} runs `{self._before}` as before{'' if changes else '; that it is live was not verified'}."
