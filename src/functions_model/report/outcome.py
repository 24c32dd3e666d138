"""How a run ended and what it did, in a few lines: the page's heading, and the last lines on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from functions_model.core.failures import Failure, NotConfirmed
from functions_model.core.masking import cut
from functions_model.core.names import CANDIDATE
from functions_model.core.promotion import AnySpec
from functions_model.core.spec import Mode, RemovalSpec
from functions_model.pipeline.events import (
    AppOvertaken,
    ContextWritten,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImageFound,
    ImagePushed,
    Moved,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
    RunStopped,
    StageEnded,
    UndoEnded,
)
from functions_model.report.cause import cause_of
from functions_model.report.formatting import duration, every, imported, last, proven, size
from functions_model.report.image_text import packages_text
from functions_model.report.proof import state_of

_ANSWER = 300
"""Characters of an answer that are shown."""
_LONGEST_STAGES = 2
_WORTH_A_STAGE = 1.0
"""Seconds below which a part of the story is not what one waited for."""


def headline(spec: AnySpec | None, events: Sequence[Event], failure: Failure | None) -> str:
    """What became of it, in one sentence without a full stop: "`iris` is live".

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        failure: What ended the run; None when all went well.
    """
    if isinstance(spec, RemovalSpec):
        return _of_a_removal(spec, events, failure)
    if spec is None:
        stopped = last(events, RunStopped) is not None
        return f"functions-model-action: {'the run was stopped' if stopped else 'the inputs were refused'}"
    name = spec.names.app if spec.names else spec.image.repository
    if failure:
        return _of_a_failure(name, events)
    if last(events, ContextWritten):
        return f"`{name}` is written as a build context; nothing was built"
    done = {Mode.DEPLOY: "is live", Mode.PLAN: "is planned; nothing was written", Mode.PACKAGE: "is packaged"}
    if verified := proven(events):
        where = f" in the {CANDIDATE} `{verified.candidate}`" if verified.candidate else ""
        done[Mode.DEPLOY] = f"is {state_of(verified)}{where}"
    return f"`{name}` {done[spec.mode]}"


def _of_a_failure(name: str, events: Sequence[Event]) -> str:
    """What callers of the app want to know first: whether what ran before still does."""
    if last(events, RunStopped):
        return f"`{name}` was stopped"
    if last(events, AppOvertaken):
        return f"`{name}` was overtaken: somebody else's version stays"
    undone = last(events, UndoEnded)
    if undone and undone.serves:
        return f"New version failed; `{name}` serves the previous one"
    if undone is None and _ran_before(events) and not _touched(events):
        return f"New version failed; `{name}` was not touched"
    return f"`{name}` failed"


def _ran_before(events: Sequence[Event]) -> bool:
    from functions_model.provision.observed import LiveApp  # noqa: PLC0415 - only runs with resources have a plan

    planned = last(events, PlanMade) or last(events, PlanBegun)
    return bool(planned and planned.plan.observed.of(LiveApp))


def _touched(events: Sequence[Event]) -> bool:
    return any(one.written.change.kind == "function app" for one in every(events, ResourceWritten)) or bool(
        last(events, Moved)
    )


def _of_a_removal(spec: RemovalSpec, events: Sequence[Event], failure: Failure | None) -> str:
    applies, planned = spec.mode is Mode.DESTROY, last(events, RemovalPlanned)
    state = "is removed" if applies else "is planned to be removed; nothing was written"
    if isinstance(failure, NotConfirmed):
        state = "stays as it is"
    elif failure:
        state = "was stopped" if last(events, RunStopped) else "failed"
    elif planned and not planned.plan.has_changes:
        state = "has nothing to remove"
    of = f"The {CANDIDATE} `{spec.names.candidate}` of " if spec.names.candidate else ""
    return f"{of}`{spec.names.app}` {state}"


def done_lines(
    spec: AnySpec | None, events: Sequence[Event], seconds: float, failure: Failure | None = None
) -> list[str]:
    """What was done, in five lines at most; those of which nothing is known are not there.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        seconds: Wall time of the whole run.
        failure: What ended the run; the cause that its app's log shows comes first.
    """
    told = {
        "Cause": cause_of(failure) if failure else "",
        "Image": _image(events),
        "Python": _environment(events),
        "Resources": _resources(spec, events),
        "Answer": _answer(events),
        "Time": _time(events, seconds),
    }
    return [f"  {label:<9}  {text}" for label, text in told.items() if text]


def _image(events: Sequence[Event]) -> str:
    if pushed := last(events, ImagePushed):
        reference = pushed.pushed.reference
        sent = f"{size(pushed.pushed.bytes_sent)} sent" if pushed.pushed.manifest_written else "there already"
        return f"{reference.registry}/{reference.repository}:{reference.tag} ({sent})"
    if found := last(events, ImageFound):
        how = "there already" if not found.imported_from else "imported" if imported(events) else "not imported"
        return f"{found.app.reference.pinned} ({how})"
    built = last(events, ImageBuilt)
    return f"{built.app.reference.registry}/{built.app.reference.repository} (not sent)" if built else ""


def _environment(events: Sequence[Event]) -> str:
    event = last(events, EnvironmentResolved)
    return f"{event.python.version}, with {packages_text(event.lock)}" if event else ""


def _resources(spec: AnySpec | None, events: Sequence[Event]) -> str:
    made = last(events, PlanMade) or last(events, RemovalPlanned) or last(events, PlanBegun)
    if spec is None or made is None:
        return ""
    from functions_model.report.plan_text import done_count, plan_count  # noqa: PLC0415 - only runs with resources

    applies = spec.mode in {Mode.DEPLOY, Mode.DESTROY} and made.plan.has_changes
    return done_count(made.plan, events) if applies else plan_count(made.plan)


def _answer(events: Sequence[Event]) -> str:
    verified = proven(events)
    return cut(" ".join(verified.verified.answer.split()), _ANSWER) if verified else ""


def _time(events: Sequence[Event], seconds: float) -> str:
    """`19.9 s (Verify 9.7 s, Build the image 6.9 s)`."""
    stages = [stage for stage in every(events, StageEnded) if stage.seconds >= _WORTH_A_STAGE]
    longest = sorted(stages, key=lambda stage: -stage.seconds)[:_LONGEST_STAGES]
    parts = ", ".join(f"{stage.title} {duration(stage.seconds)}" for stage in longest)
    return f"{duration(seconds)} ({parts})" if parts else duration(seconds)
