"""The image as a part of the page: where it is, what it is made of, and how much of that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from functions_model.core.references import ImageReference, short
from functions_model.image.assembly import Image
from functions_model.pipeline.contents import ByteCodeLeftOut, CodeFound
from functions_model.pipeline.events import (
    Attached,
    BaseChosen,
    ContextWritten,
    EngineRan,
    Event,
    ImageBuilt,
    ImageFound,
    ImagePushed,
    LayerOrigin,
    LayerReady,
)
from functions_model.registry import How, PushedImage
from functions_model.report.formatting import every, imported, last, size
from functions_model.report.image_text import age, base_news, byte_code_line, code_line, engine_line
from functions_model.report.markdown import cell, fenced, folded, prose


def image_section(events: Sequence[Event], now: datetime) -> str:
    """The section; empty while no image is known.

    Args:
        events: What happened, in order.
        now: For the age of the base image.
    """
    if written := last(events, ContextWritten):
        what = f"`{written.folder}` has a Dockerfile, from `{written.base}`, and its context."
        return f"### Build context\n\n{prose(what)}"
    if found := last(events, ImageFound):
        there = f"Its registry takes it from `{found.imported_from}`." if found.imported_from else "It existed before."
        what = f"Nothing was built. {there} Trigger `{found.app.trigger.kind}`, build `{found.app.build_id}`."
        again = "" if found.imported_from and not imported(events) else f"\n\n{_again(found.app.reference)}"
        return f"### Image\n\n{prose(_named(found.app.reference))}\n\n{prose(what)}{again}"
    built, pushed = last(events, ImageBuilt), last(events, ImagePushed)
    if built is None:
        return ""
    extra = [f"with a {one.what}" for one in every(events, Attached)]
    parts = [
        f"### Image\n\n{prose(', '.join([_named(built.app.reference), *extra]))}",
        _base(built.image, last(events, BaseChosen), now),
        _code(last(events, CodeFound)),
        "\n".join(f"- {prose(engine_line(one))}." for one in every(events, EngineRan)),
        "\n".join(f"- {prose(byte_code_line(one).removeprefix('Note: '))}" for one in every(events, ByteCodeLeftOut)),
        _table(built.image, events, pushed.pushed if pushed else None),
        "\n".join(f"- {prose(note)}" for note in pushed.pushed.notes) if pushed else "",
        _again(built.app.reference) if pushed else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _named(reference: ImageReference) -> str:
    """By its tag, as people know it, and the beginning of its digest."""
    name = f"{reference.registry}/{reference.repository}{f':{reference.tag}' if reference.tag else ''}"
    return f"`{name}`, digest `{short(reference.digest)}`" if reference.digest else f"`{name}`"


def _again(reference: ImageReference) -> str:
    """The whole reference, to be copied."""
    return folded("The whole <code>image</code>, to deploy it again", fenced(reference.pinned))


def _base(image: Image, chosen: BaseChosen | None, now: datetime) -> str:
    built = age(chosen.created, now) if chosen else ""
    line = f"Base {_named(image.base.reference)}"
    news = [f"\n\n> [!NOTE]\n> {prose(sentence)}" for sentence in (base_news(chosen) if chosen else [])]
    return f"{prose(line)}{f', {built}' if built else ''}{''.join(news)}"


def _code(found: CodeFound | None) -> str:
    return f"{prose(code_line(found))}." if found else ""


def _table(image: Image, events: Sequence[Event], pushed: PushedImage | None) -> str:
    ready = {event.layer.digest: event.origin for event in every(events, LayerReady)}
    how = {blob.digest: blob.how for blob in pushed.blobs} if pushed else {}
    below = sum(layer.size for layer in image.base.manifest.layers)
    sent = any(how.get(layer.digest) is How.SENT for layer in image.base.manifest.layers)
    rows = [f"| base image | {size(below)} | {_became(how=How.SENT if sent else None, pushed=pushed)} |"]
    for layer in image.layers:
        became = _became(how=how.get(layer.digest), origin=ready.get(layer.digest), pushed=pushed)
        rows.append(f"| {cell(layer.name)} | {size(layer.size)} | {became} |")
    return "\n".join(["| layer | size | |", "|---|---:|---|", *rows, *_total(pushed)])


def _became(*, how: How | None, pushed: PushedImage | None, origin: LayerOrigin | None = None) -> str:
    """What people pay for: whether it was sent, or was there. Of a plan, whether it would be made anew."""
    if how is How.SENT or (pushed and origin is LayerOrigin.SENT):
        return "sent"
    if pushed:
        return "reused"
    return "new" if origin in {LayerOrigin.PACKED, LayerOrigin.SENT} else "reused"


def _total(pushed: PushedImage | None) -> list[str]:
    if pushed is None:
        return []
    return [f"| **sent in all** | **{size(pushed.bytes_sent if pushed.manifest_written else 0)}** | |"]
