"""Step outputs, from what happened."""

from __future__ import annotations

from collections.abc import Sequence

from functions_model.core.promotion import AnySpec
from functions_model.core.references import ImageReference
from functions_model.core.spec import DeploymentSpec, HttpTrigger, Mode
from functions_model.image.assembly import Base
from functions_model.pipeline.events import (
    AppOvertaken,
    AppVerified,
    BaseChosen,
    ContextWritten,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImageFound,
    ImagePushed,
    Moved,
    PlanApplied,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
)
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.report.formatting import app_image, imported, last, proven
from functions_model.report.proof import state_of


def outputs(spec: AnySpec | None, events: Sequence[Event]) -> dict[str, str]:
    """The outputs that are true so far: a run that failed half-way has those of the half that was done.

    They are names, digests and addresses. Whoever writes them looks whether one happens to hold what must not be shown.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
    """
    found: dict[str, str] = {}
    if resolved := last(events, EnvironmentResolved):
        found["lock"] = resolved.lock.text
    if base := _base(events):
        found["base-image"] = base.pinned
    if written := last(events, ContextWritten):
        found["build-context"] = str(written.folder)
    if reference := _image(spec, events):
        found |= {"image": reference.pinned, "package-location": reference.pinned, "digest": str(reference.digest)}
        found["image-repository"] = f"{reference.registry}/{reference.repository}"
        if reference.tag and (last(events, ImagePushed) or imported(events)):
            found["image-tag"] = reference.tag
    if planned := _planned(events):
        from functions_model.report.plan_document import plan_json  # noqa: PLC0415 - only runs with resources have a plan

        found |= {"has-changes": str(planned.plan.has_changes).lower(), "plan": plan_json(planned.plan)}
    if verified := proven(events):
        found |= _app(spec, verified)
    elif last(events, AppOvertaken):
        found["state"] = "overtaken"
    if (changed := _changed(events)) is not None:
        found["changed"] = str(changed).lower()
    return found


def _app(spec: AnySpec | None, event: AppVerified) -> dict[str, str]:
    """What was verified."""
    verified = event.verified
    found = {"state": state_of(event), "app-url": verified.app_url, "function-names": ",".join(verified.functions)}
    if verified.reached:
        found["trigger-state"] = verified.reached.word
    if isinstance(spec, DeploymentSpec) and isinstance(spec.trigger, HttpTrigger):
        found["scoring-url"] = verified.scoring_url
    return found


def _image(spec: AnySpec | None, events: Sequence[Event]) -> ImageReference | None:
    """The image in the registry; in mode `plan`, the one that a deployment would bring there."""
    if pushed := last(events, ImagePushed):
        return pushed.pushed.reference
    app, found = app_image(events), last(events, ImageFound)
    there = (found and not found.imported_from) or imported(events) or (spec and spec.mode is Mode.PLAN)
    return app.reference if app and there else None


def _planned(events: Sequence[Event]) -> PlanMade | RemovalPlanned | None:
    return last(events, PlanMade) or last(events, RemovalPlanned)


def _base(events: Sequence[Event]) -> Base | None:
    """That of the image, which lies on what an engine built where one did; before there is an image, the chosen one."""
    if built := last(events, ImageBuilt):
        return built.image.base
    chosen = last(events, BaseChosen)
    return chosen.base if chosen else None


def _changed(events: Sequence[Event]) -> bool | None:
    """Whether an image, a tag or a resource was written, also by a run that failed then; None while nothing is known.

    A swap is the last write of all, and is told by itself. A plan writes nothing, whatever it shows.
    """
    pushed = last(events, ImagePushed)
    if pushed and pushed.pushed.manifest_written:
        return True
    if any(last(events, kind) for kind in (ResourceWritten, Moved, LiveTagMoved)):
        return True
    return False if pushed or last(events, PlanApplied) or _planned(events) else None
