"""The image as text: its base, its layers, how each came to be, and what was sent."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions_model.core.digests import short
from functions_model.image.compression import Compression
from functions_model.pipeline.events import LayerOrigin
from functions_model.registry import How
from functions_model.report.figures import count, duration, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from functions_model.image.layers import Layer
    from functions_model.pipeline.events import Attached, BaseChosen, EngineRan, LayerReady
    from functions_model.registry import BlobTransfer, PushedImage

_BASE_LAYER = "base layer "
"""How `registry` names the blobs of a base."""
_INSTALLED = frozenset({"dependencies", "conda"})
"""Layers that something would have been installed for."""
_WORTH_A_TIME = 0.05
"""Seconds below which `duration` says zero."""
_WORTH_A_RATE = 1_000_000
"""Bytes below which a rate says more about the clock than about the disk or the network."""


def base_line(chosen: BaseChosen, now: datetime) -> str:
    """`Base mcr.microsoft.com/...:4-python3.12 at 1f2e..., built 34 days ago`."""
    return f"Base {base_name(chosen)} at {short(chosen.base.digest)}{_comma(age(chosen.created, now))}"


def base_name(chosen: BaseChosen) -> str:
    """As people know it: with its tag, or by its digest alone."""
    reference = chosen.base.reference
    tag = f":{reference.tag}" if reference.tag else ""
    return f"{reference.registry}/{reference.repository}{tag}"


def age(created: datetime | None, now: datetime) -> str:
    """`built 34 days ago`; empty when it does not say, or says the epoch, which means the same."""
    if created is None or created.timestamp() <= 0 or created > now:
        return ""
    days = (now.astimezone(UTC).date() - created.astimezone(UTC).date()).days
    return {0: "built today", 1: "built yesterday"}.get(days, f"built {days} days ago")


def base_news(chosen: BaseChosen) -> list[str]:
    """Sentences about a base that is not the one of before, or not the newest."""
    news, now = [], chosen.base.digest
    if chosen.before and chosen.before != now:
        news.append(f"The base image differs from that of the last image: {short(chosen.before)} -> {short(now)}.")
    if chosen.newer and chosen.newer != now:
        tag = f"the tag `{chosen.base.reference.tag}`" if chosen.base.reference.tag else "its tag"
        news.append(
            f"There is a newer base image: {tag} means {chosen.newer} by now. Name it in `base-image` to take it."
        )
    return news


def layer_line(ready: LayerReady) -> str:
    """One layer in the log, as soon as it is known."""
    layer = ready.layer
    why = compression_reason(layer)
    packed = f"{layer.compression}: {why}" if why else layer.compression.value
    told = origin_text(ready) if ready.origin is LayerOrigin.FOUND else f"{origin_text(ready)}; {packed}"
    return f"  {layer.name:<14} {size(layer.size):>9}  {short(layer.digest)}  {told}"


def origin_text(ready: LayerReady) -> str:
    """How a layer came to be: `packed and sent in one pass in 21.3 s, 50.2 MB/s`."""
    layer = ready.layer
    if ready.origin is LayerOrigin.FOUND:
        work = "found by the lock, not installed" if layer.name in _INSTALLED else "found, not packed"
        return f"{work} (in `{layer.repository}`)" if layer.repository else work
    work = "packed and sent in one pass" if ready.origin is LayerOrigin.SENT else "packed"
    rate = f", {size(round(layer.size / ready.seconds))}/s" if _has_rate(ready) else ""
    # What took no time worth a word: `0.0 s` would look like a mistake.
    return f"{work} in {duration(ready.seconds)}{rate}" if ready.seconds >= _WORTH_A_TIME else work


def _has_rate(ready: LayerReady) -> bool:
    return ready.seconds > 0 and ready.layer.size >= _WORTH_A_RATE


def compression_reason(layer: Layer) -> str:
    """Why it is packed as it is, as far as anybody knows: `a sample of the files shrank by 2 %`."""
    if layer.ratio is not None:
        saved = round(100 * (1 - layer.ratio))
        return f"a sample of the files shrank by {saved} %" if saved > 0 else "a sample of the files did not shrink"
    if layer.compression is Compression.GZIP and 0 < layer.size < layer.tree_size:
        return f"{size(layer.tree_size)} of files"
    return ""


def engine_line(ran: EngineRan) -> str:
    """What the container engine did."""
    packages = f", with {', '.join(ran.apt_packages)}" if ran.apt_packages else ""
    added = f"{count(ran.layers, 'layer')}, {size(ran.size)}" if ran.layers else "no layer"
    return f"Built from {ran.base} by the container engine{packages}: {added} in {duration(ran.seconds)}"


def attached_line(attached: Attached) -> str:
    """`Bill of materials: 4.2 kB, 1f2e...`; it goes with the image, and is sent only where the image is."""
    return f"{attached.what.capitalize()}: {size(attached.size)}, {short(attached.digest)}"


def transfer_lines(pushed: PushedImage) -> list[str]:
    """What became of each blob; the base's layers together."""
    base, ours = _parted(pushed.blobs)
    lines = [
        f"  {'base image':<14} {size(sum(blob.size for blob in blobs)):>9}  {count(len(blobs), 'layer')} {how}"
        for how, blobs in by_how(base).items()
    ]
    return [*lines, *(f"  {blob.name:<14} {size(blob.size):>9}  {blob.how}" for blob in ours)]


def base_transfer(pushed: PushedImage) -> str:
    """What became of the base's layers: `17 layers mounted, 1 layer present`."""
    base, _ = _parted(pushed.blobs)
    return ", ".join(f"{count(len(blobs), 'layer')} {how}" for how, blobs in by_how(base).items())


def sent_sentence(pushed: PushedImage) -> str:
    """`1.07 GB sent in 31 requests; 1.45 GB not sent (1.3 GB imported, 149 MB present).`.

    What was spared in one way only is said once: `4.2 kB sent in 9 requests; 1.3 GB mounted.`
    """
    sent = f"{size(pushed.bytes_sent)} sent in {count(pushed.requests, 'request')}"
    spared = {
        how: sum(blob.size for blob in blobs) for how, blobs in by_how(pushed.blobs).items() if how is not How.SENT
    }
    if not any(spared.values()):
        return f"{sent}."
    if len(spared) == 1:
        return f"{sent}; {', '.join(f'{size(amount)} {how}' for how, amount in spared.items())}."
    parts = ", ".join(f"{size(amount)} {how}" for how, amount in spared.items())
    return f"{sent}; {size(sum(spared.values()))} not sent ({parts})."


def by_how(blobs: Iterable[BlobTransfer]) -> dict[How, list[BlobTransfer]]:
    """Blobs by what became of them, in the order in which that is first met."""
    found: dict[How, list[BlobTransfer]] = defaultdict(list)
    for blob in blobs:
        found[blob.how].append(blob)
    return dict(found)


def _parted(blobs: Sequence[BlobTransfer]) -> tuple[list[BlobTransfer], list[BlobTransfer]]:
    base = [blob for blob in blobs if blob.name.startswith(_BASE_LAYER)]
    return base, [blob for blob in blobs if not blob.name.startswith(_BASE_LAYER)]


def _comma(text: str) -> str:
    return f", {text}" if text else ""
