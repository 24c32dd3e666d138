"""The part of the page about the image: its base, its layers, how each came to be, and what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.digests import short
from functions_model.pipeline.events import (
    Attached,
    BaseChosen,
    ContextWritten,
    EngineRan,
    ImageBuilt,
    ImagePushed,
    LayerOrigin,
    LayerReady,
)
from functions_model.registry import How
from functions_model.report.figures import size
from functions_model.report.finding import every, last
from functions_model.report.image_text import (
    age,
    attached_line,
    base_news,
    base_transfer,
    compression_reason,
    engine_line,
    origin_text,
    sent_sentence,
)
from functions_model.report.markdown import cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from functions_model.image.assembly import Image
    from functions_model.image.layers import Layer
    from functions_model.pipeline.events import Event
    from functions_model.registry import PushedImage


def image_section(events: Sequence[Event], now: datetime) -> str:
    """The section; empty while no image is known.

    Args:
        events: What happened, in order.
        now: For the age of the base image.
    """
    if written := last(events, ContextWritten):
        return f"### Build context\n\n`{written.folder}` holds a Dockerfile, from `{written.base}`, and its context."
    built, pushed = last(events, ImageBuilt), last(events, ImagePushed)
    if built is None:
        return ""
    parts = [
        f"### Image\n\n`{built.reference.pinned}`, tag `{built.reference.tag}`",
        _base(built.image, last(events, BaseChosen), now),
        _table(built.image, events, pushed.pushed if pushed else None),
        "\n".join(_facts(events)),
        _sent(pushed.pushed) if pushed else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _base(image: Image, chosen: BaseChosen | None, now: datetime) -> str:
    built = age(chosen.created, now) if chosen else ""
    line = f"Base `{image.base.reference.registry}/{image.base.reference.repository}@{image.base.digest}`"
    news = [f"\n\n> [!NOTE]\n> {sentence}" for sentence in (base_news(chosen) if chosen else [])]
    return f"{line}{f', {built}' if built else ''}{''.join(news)}"


def _table(image: Image, events: Sequence[Event], pushed: PushedImage | None) -> str:
    ready = {event.layer.digest: event for event in every(events, LayerReady)}
    how = {blob.digest: blob.how for blob in pushed.blobs} if pushed else {}
    below = sum(layer.size for layer in image.base.manifest.layers)
    base = f"| base `{image.base.reference}` | {size(below)} | | `{short(image.base.digest)}` | {_moved(pushed)} |"
    rows = [_row(layer, ready.get(layer.digest), how.get(layer.digest)) for layer in image.layers]
    return "\n".join(
        ["| layer | size | compression | digest | how |", "|---|---:|---|---|---|", base, *rows],
    )


def _moved(pushed: PushedImage | None) -> str:
    return base_transfer(pushed) if pushed else ""


def _row(layer: Layer, ready: LayerReady | None, how: How | None) -> str:
    why = compression_reason(layer)
    packed = f"{layer.compression}: {why}" if why else layer.compression.value
    return f"| {cell(layer.name)} | {size(layer.size)} | {packed} | `{short(layer.digest)}` | {_how(ready, how)} |"


def _how(ready: LayerReady | None, how: How | None) -> str:
    """`packed in 1.2 s; sent`. What was sent in one pass need not be said to be sent."""
    if ready is None:
        return how.value if how else ""
    told = origin_text(ready)
    if how is None or (ready.origin is LayerOrigin.SENT and how in {How.SENT, How.PRESENT}):
        return told
    return f"{told}; {how}"


def _facts(events: Sequence[Event]) -> list[str]:
    ran = map(engine_line, every(events, EngineRan))
    attached = map(attached_line, every(events, Attached))
    return [f"- {line}." for line in [*ran, *attached]]


def _sent(pushed: PushedImage) -> str:
    nothing = "The registry had this image already: nothing was sent."
    sent = sent_sentence(pushed) if pushed.manifest_written else nothing
    return "\n".join([sent, *(f"- {note}" for note in pushed.notes)])
