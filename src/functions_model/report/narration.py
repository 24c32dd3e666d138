"""Events as lines of the log, as they happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import singledispatch

from functions_model.ci.host import CiHost, Level
from functions_model.core.references import short
from functions_model.pipeline.contents import ByteCodeLeftOut, CodeFound, DependenciesKnown
from functions_model.pipeline.events import (
    AheadBegun,
    AppVerified,
    Attached,
    BaseChosen,
    ContextWritten,
    EngineRan,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImageFound,
    ImagePushed,
    LayerReady,
    ModelFetched,
    Moved,
    PlanApplied,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    TagFound,
    UndoEnded,
)
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.registry import PushedImage
from functions_model.report.formatting import count, duration
from functions_model.report.image_text import (
    attached_line,
    base_line,
    base_news,
    byte_code_line,
    code_line,
    engine_line,
    environment_notes,
    layer_line,
    packages_text,
    sent_sentence,
    transfer_lines,
)
from functions_model.report.packages_text import dependencies_lines
from functions_model.report.proof import caveats, state_of, times_text, trigger_text


def narrate(ci: CiHost, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Callable[[Event], None]:
    """A listener that writes each event's lines to the log, and what stands out beside it, once.

    Args:
        ci: Writes them.
        now: The time, for the age of a base image.
    """
    annotated: set[str] = set()

    def tell(event: Event) -> None:
        text = _brief(event, ci) if ci.facts.is_brief else _whole(event, now())
        if text:
            ci.info(text)
        for level, caveat in caveats(event) if isinstance(event, AppVerified) else ():
            # A candidate that is moved is verified twice.
            if caveat not in annotated:
                annotated.add(caveat)
                ci.annotate(level, caveat)
        for warned in event.verified.warnings if isinstance(event, AppVerified) else ():
            if warned.text not in annotated:
                annotated.add(warned.text)
                ci.annotate(Level.WARNING, warned.text, warned.location, minor=True)

    return tell


def _whole(event: Event, now: datetime) -> str:
    return _base(event, now) if isinstance(event, BaseChosen) else lines_of(event)


def _brief(event: Event, ci: CiHost) -> str:
    from functions_model.report.brief import brief_lines  # noqa: PLC0415 - few runs are looked at by people

    return brief_lines(event, lines_of, colours=ci.facts.has_colours)


def _base(event: BaseChosen, now: datetime) -> str:
    return "\n".join([base_line(event, now), *(f"Note: {news}" for news in base_news(event))])


@singledispatch
def lines_of(event: object) -> str:  # noqa: ARG001 - the dispatching argument
    """The lines for an event; none for an event that needs no words."""
    return ""


lines_of.register(LayerReady, layer_line)
lines_of.register(CodeFound, code_line)
lines_of.register(ByteCodeLeftOut, byte_code_line)
lines_of.register(DependenciesKnown, dependencies_lines)
lines_of.register(EngineRan, engine_line)
lines_of.register(Attached, attached_line)


@lines_of.register
def _(event: ModelFetched) -> str:
    return f"{event.asset} is version {event.model.version} of `{event.model.name}`: {event.model.origin}"


@lines_of.register
def _(event: EnvironmentResolved) -> str:
    head = (
        f"Python {event.python.version} ({event.python.why}); "
        f"{packages_text(event.lock)} locked as {short(event.lock.digest)}"
    )
    return "\n".join([head, *(f"Note: {note}" for note in environment_notes(event))])


@lines_of.register
def _(event: ContextWritten) -> str:
    return f"The Dockerfile and its context are in {event.folder}, from {event.base}. Nothing was built or sent."


@lines_of.register
def _(event: ImageBuilt) -> str:
    return f"Image {event.app.reference.pinned}"


@lines_of.register
def _(event: ImageFound) -> str:
    build = f"Image {event.app.reference.pinned}: trigger {event.app.trigger.kind}, build {event.app.build_id}."
    return f"{build}\nThe registry imports it from {event.imported_from}." if event.imported_from else build


@lines_of.register
def _(event: TagFound) -> str:
    return f"The tag `{event.tag}` moves from {short(event.before)} to this image."


@lines_of.register
def _(event: AheadBegun) -> str:
    return f"Writing {count(len(event.changes), 'resource')} that do not depend on the image while it is built."


@lines_of.register
def _(event: PlanBegun) -> str:
    from functions_model.report.plan_text import plan_text  # noqa: PLC0415 - only runs with resources have a plan

    return f"The image's digest is pending: until it is known, the image counts as a new one.\n{plan_text(event.plan)}"


@lines_of.register
def _(event: PlanMade) -> str:
    from functions_model.report.plan_text import completed_text, plan_text  # noqa: PLC0415 - as above

    return completed_text(event.plan, event.begun) if event.begun else plan_text(event.plan)


@lines_of.register
def _(event: RemovalPlanned) -> str:
    from functions_model.report.plan_text import plan_text  # noqa: PLC0415 - as above

    return plan_text(event.plan)


@lines_of.register
def _(event: ImagePushed) -> str:
    pushed = event.pushed
    notes = [f"Note: {note}" for note in pushed.notes]
    if not pushed.manifest_written:
        there = f"The registry has this image already; nothing was sent ({count(pushed.requests, 'request')})."
        return "\n".join([there, *notes])
    return "\n".join([*transfer_lines(pushed), f"Pushed {_tagged(pushed)}: {sent_sentence(pushed)}", *notes])


def _tagged(pushed: PushedImage) -> str:
    """By its tag: the digest was told when the image was known."""
    return str(replace(pushed.reference, digest=None)) if pushed.reference.tag else str(pushed.reference)


@lines_of.register
def _(event: PlanApplied) -> str:
    return "" if event.applied.changed else "No resource had to be written."


@lines_of.register
def _(event: AppVerified) -> str:
    verified = event.verified
    took, functions = duration(verified.seconds), ", ".join(verified.functions)
    live = f"{state_of(event).capitalize()} after {took}: {verified.app_url}, functions {functions}."
    # With a blob or queue trigger nobody calls the app; its check function is for `verify` alone.
    more = trigger_text(event) if verified.reached else f"Scoring URL: {verified.scoring_url}"
    return "\n".join(filter(None, (live, more, times_text(event))))


@lines_of.register
def _(event: Moved) -> str:
    return f"Moved {event.written.change.name}{' again' if event.back else ''}, {duration(event.written.seconds)}."


@lines_of.register
def _(event: LiveTagMoved) -> str:
    if event.names is None:
        return f"Removed the tag `{event.image}`: the app whose image it kept is gone from there."
    return f"The tag `{event.image.tag}` keeps the image that {event.names} runs."


@lines_of.register
def _(event: UndoEnded) -> str:
    return event.story
