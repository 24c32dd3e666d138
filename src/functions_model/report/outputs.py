"""Step outputs, from what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.spec import DeploymentSpec, HttpTrigger
from functions_model.pipeline.events import (
    AppVerified,
    BaseChosen,
    ContextWritten,
    EnvironmentResolved,
    ImageBuilt,
    ImagePushed,
    PlanApplied,
    PlanMade,
    RemovalPlanned,
)
from functions_model.report.finding import last

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.removal import RemovalSpec
    from functions_model.image.assembly import Base
    from functions_model.pipeline.events import Event


def outputs(spec: DeploymentSpec | RemovalSpec | None, events: Sequence[Event]) -> dict[str, str]:
    """The outputs that are true so far: a run that failed half-way has those of the half that was done.

    No output ever holds a secret: all are names, digests and addresses.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
    """
    found: dict[str, str] = {}
    if resolved := last(events, EnvironmentResolved):
        found["lock"] = resolved.lock.text
    if base := _base(events):
        found["base-image"] = f"{base.reference.registry}/{base.reference.repository}@{base.digest}"
    if written := last(events, ContextWritten):
        found["build-context"] = str(written.folder)
    if built := last(events, ImageBuilt):
        found |= {
            "image": built.reference.pinned,
            "package-location": built.reference.pinned,
            "image-tag": built.reference.tag or "",
            "digest": str(built.reference.digest),
        }
    if planned := _planned(events):
        from functions_model.report.plan_json import plan_json  # noqa: PLC0415 - only runs with resources have a plan

        found |= {"has-changes": str(planned.plan.has_changes).lower(), "plan": plan_json(planned.plan)}
    if verified := last(events, AppVerified):
        found |= {
            "app-url": verified.verified.app_url,
            "function-names": ",".join(verified.verified.functions),
        }
        if isinstance(spec, DeploymentSpec) and isinstance(spec.trigger, HttpTrigger):
            found["scoring-url"] = verified.verified.scoring_url
    if (changed := _changed(events)) is not None:
        found["changed"] = str(changed).lower()
    return found


def _planned(events: Sequence[Event]) -> PlanMade | RemovalPlanned | None:
    return last(events, PlanMade) or last(events, RemovalPlanned)


def _base(events: Sequence[Event]) -> Base | None:
    """That of the image, which lies on what an engine built where one did; before there is an image, the chosen one."""
    if built := last(events, ImageBuilt):
        return built.image.base
    chosen = last(events, BaseChosen)
    return chosen.base if chosen else None


def _changed(events: Sequence[Event]) -> bool | None:
    """Whether anything was written (or, for a plan, would be); None while nothing is known."""
    pushed, applied, planned = last(events, ImagePushed), last(events, PlanApplied), _planned(events)
    if pushed is None and applied is None:
        return planned.plan.has_changes if planned else None
    return bool((pushed and pushed.pushed.manifest_written) or (applied and applied.applied.changed))
