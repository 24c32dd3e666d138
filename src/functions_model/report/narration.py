"""Events as lines of the log, as they happen."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from functions_model.core.digests import short
from functions_model.pipeline.events import (
    AppVerified,
    EnvironmentResolved,
    ImageBuilt,
    ImagePushed,
    ModelFetched,
    PlanApplied,
    PlanMade,
    TagFound,
)
from functions_model.report.figures import count, duration, size
from functions_model.report.plan_text import plan_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.ci.host import CiHost
    from functions_model.pipeline.events import Event


def narrate(ci: CiHost) -> Callable[[Event], None]:
    """A listener that writes each event's lines to the log."""

    def tell(event: Event) -> None:
        if text := lines_of(event):
            ci.info(text)

    return tell


@singledispatch
def lines_of(event: object) -> str:  # noqa: ARG001 - the dispatching argument
    """The lines for an event; none for an event that needs no words."""
    return ""


@lines_of.register
def _(event: ModelFetched) -> str:
    return f"{event.asset} is version {event.model.version} of `{event.model.name}`: {event.model.origin}"


@lines_of.register
def _(event: EnvironmentResolved) -> str:
    head = (
        f"Python {event.python.version} ({event.python.why}); "
        f"{count(len(event.lock.packages), 'package')} locked as {short(event.lock.digest)}"
    )
    return "\n".join([head, *(f"Note: {warning}" for warning in event.request.warnings)])


@lines_of.register
def _(event: ImageBuilt) -> str:
    layers = [f"  {layer.name:<14} {size(layer.size):>9}  {short(layer.digest)}" for layer in event.image.layers]
    base = event.image.base
    return "\n".join(
        [
            f"Base {base.reference.registry}/{base.reference.repository}:{base.reference.tag} at {short(base.digest)}",
            *layers,
            f"Image {event.reference.pinned}",
        ]
    )


@lines_of.register
def _(event: TagFound) -> str:
    return f"The tag `{event.tag}` means {short(event.before)} until now, and moves to this image."


@lines_of.register
def _(event: PlanMade) -> str:
    return plan_text(event.plan)


@lines_of.register
def _(event: ImagePushed) -> str:
    pushed = event.pushed
    if not pushed.manifest_written:
        return f"The registry has this image already; nothing was sent ({count(pushed.requests, 'request')})."
    blobs = [f"  {blob.name:<14} {size(blob.size):>9}  {blob.how}" for blob in pushed.blobs]
    return "\n".join([*blobs, f"Pushed {pushed.reference}: {size(pushed.bytes_sent)} sent"])


@lines_of.register
def _(event: PlanApplied) -> str:
    return "" if event.applied.changed else "No resource had to be written."


@lines_of.register
def _(event: AppVerified) -> str:
    verified = event.verified
    live = f"Live after {duration(verified.seconds)}: {verified.app_url}, functions {', '.join(verified.functions)}."
    # With a blob or queue trigger nobody calls the app; its check function is for `verify` alone.
    return live if "check" in verified.functions else f"{live}\nScoring URL: {verified.scoring_url}"
