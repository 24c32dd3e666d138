"""The image as text, in the log and on the page: its base, what its code needs, its layers, and what was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from functions_model.core.masking import in_one_line
from functions_model.core.references import short
from functions_model.core.spec import DeploymentSpec
from functions_model.environment import Lock
from functions_model.image.compression import Compression
from functions_model.image.layers import Layer
from functions_model.pipeline.contents import ByteCodeLeftOut, CodeFound, DependenciesKnown
from functions_model.pipeline.events import (
    Attached,
    BaseChosen,
    EngineRan,
    EnvironmentResolved,
    Event,
    LayerOrigin,
    LayerReady,
)
from functions_model.registry import BlobTransfer, How, PushedImage
from functions_model.report.formatting import count, duration, last, size
from functions_model.report.markdown import fenced, folded, prose
from functions_model.report.packages_text import size_line, size_notes


def environment_section(spec: DeploymentSpec | None, events: Sequence[Event]) -> str:
    """The section; empty when nothing was resolved."""
    event = last(events, EnvironmentResolved)
    if event is None:
        return ""
    head = f"Python {event.python.version}, {packages_text(event.lock)}, lock `{short(event.lock.digest)}`"
    system = spec.build.apt_packages if spec else ()
    told = [f"System packages: {', '.join(system)}."] if system else []
    known = last(events, DependenciesKnown)
    weight, unused = (size_line(known), size_notes(known)) if known else ("", [])
    weighed = [f"{weight}."] if weight else []
    notes = "".join(f"\n- {prose(note)}" for note in [*weighed, *told, *environment_notes(event), *unused])
    conda = event.lock.conda.packages if event.lock.conda else ()
    listing = "\n".join(f"{package.name}=={package.version}" for package in event.lock.packages)
    if conda:
        listing = "\n".join([*(f"conda: {package.name}={package.version}" for package in conda), listing])
    return f"### Environment\n\n{head}{notes}\n\n{folded('Locked packages', fenced(listing))}"


def packages_text(lock: Lock) -> str:
    """`49 packages`, or `3 conda packages and 49 Python packages`."""
    if lock.conda is None:
        return count(len(lock.packages), "package")
    return f"{count(len(lock.conda.packages), 'conda package')} and {count(len(lock.packages), 'Python package')}"


def environment_notes(event: EnvironmentResolved) -> list[str]:
    """Sentences about the environment to know: why conda, what is compiled, what has ended, what was left aside."""
    notes = [note for note in (event.python.note, *event.request.warnings) if note]
    if event.lock.compiled:
        notes.insert(0, f"No wheel fits, so these are compiled: {', '.join(event.lock.compiled)}.")
    if event.request.conda:
        notes.insert(0, f"Conda packages are used, as {event.request.conda.why}.")
    return notes


_BASE_LAYER = "base layer "
"""How `registry` names the blobs of a base."""
_INSTALLED = frozenset({"dependencies", "conda"})
"""Layers that something would have been installed for."""
_LONGEST = 300
"""Characters of what a program says."""
_WORTH_A_TIME = 0.05
"""Seconds below which `duration` says zero."""
_WORTH_A_RATE = 1_000_000
"""Bytes below which a rate says more about the clock than about the disk or the network."""


def base_line(chosen: BaseChosen, now: datetime) -> str:
    """`Base mcr.microsoft.com/...:4-python3.12 at 1f2e..., built 34 days ago`."""
    name, built = replace(chosen.base.reference, digest=None), age(chosen.created, now)
    return f"Base {name} at {short(chosen.base.digest)}{f', {built}' if built else ''}"


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
        news.append(f"There is a newer base image: {tag} now means {chosen.newer}. To use it, name it in `base-image`.")
    return news


_LARGEST = 3
"""Files that are named; whoever finds another one than expected looks at the whole folder anyway."""


def code_line(found: CodeFound) -> str:
    """`Code: 14 files, 52.1 kB, from `src` without what its `.gitignore` names. The largest: `labels.json` 40.2 kB`."""
    kept = f" without what its `{found.ignore_file}` names" if found.ignore_file else ""
    folder = "the workspace" if found.folder == "." else f"`{found.folder}`"
    head = f"Code: {count(len(found.sizes), 'file')}, {size(sum(found.sizes.values()))}, from {folder}{kept}"
    largest = sorted(found.sizes.items(), key=lambda file: (-file[1], file[0]))[:_LARGEST]
    if len(found.sizes) == 1:
        return f"{head}: `{largest[0][0]}`"
    return f"{head}. The largest: {', '.join(f'`{path}` {size(length)}' for path, length in largest)}"


def layer_line(ready: LayerReady) -> str:
    """One layer in the log, as soon as it is known."""
    layer = ready.layer
    told = origin_text(ready) if ready.origin is LayerOrigin.FOUND else f"{origin_text(ready)}; {_packing(layer)}"
    return f"  {layer.name:<14} {size(layer.size):>9}  {short(layer.digest)}  {told}"


def origin_text(ready: LayerReady) -> str:
    """How a layer came to be: `packed and sent in one pass in 21.3 s, 50.2 MB/s`."""
    layer = ready.layer
    if ready.origin is LayerOrigin.FOUND:
        work = "reused, not installed" if layer.name in _INSTALLED else "reused, not packed"
        return f"{work} (from `{layer.repository}`)" if layer.repository else work
    work = "packed and sent in one pass" if ready.origin is LayerOrigin.SENT else "packed"
    has_rate = ready.seconds > 0 and layer.size >= _WORTH_A_RATE
    rate = f", {size(round(layer.size / ready.seconds))}/s" if has_rate else ""
    # What took no time worth a word: `0.0 s` would look like a mistake.
    return f"{work} in {duration(ready.seconds)}{rate}" if ready.seconds >= _WORTH_A_TIME else work


def _packing(layer: Layer) -> str:
    """`zstd: a sample shrank by 40 %`."""
    why = compression_reason(layer)
    return f"{layer.compression}: {why}" if why else layer.compression.value


def compression_reason(layer: Layer) -> str:
    """Why it is packed as it is, as far as anybody knows: `a sample shrank by 2 %`."""
    if layer.ratio is not None:
        saved = round(100 * (1 - layer.ratio))
        return f"a sample shrank by {saved} %" if saved > 0 else "a sample did not shrink"
    if layer.compression is Compression.GZIP and 0 < layer.size < layer.tree_size:
        return f"{size(layer.tree_size)} of files"
    return ""


def byte_code_line(left: ByteCodeLeftOut) -> str:
    """Why the image has no byte code, and what comes of it."""
    if left.compiling:
        why = f"Python {left.version} broke off ({in_one_line(left.compiling, _LONGEST)})"
    else:
        reason = in_one_line(left.fetching.strip().rpartition("\n")[2], _LONGEST)
        fetched = f", and it could not be fetched ({reason})" if reason else ""
        why = f"this machine has no Python {left.version}{fetched}"
    return (
        f"Note: The image has no byte code of the dependencies, as {why}. It works as well, and starts more slowly. Its"
        " digest is another one than where byte code is made."
    )


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
    base, ours = _base_and_ours(pushed.blobs)
    lines = [
        f"  {'base image':<14} {size(sum(blob.size for blob in blobs)):>9}  {count(len(blobs), 'layer')} {how}"
        for how, blobs in _by_how(base).items()
    ]
    return [*lines, *(f"  {blob.name:<14} {size(blob.size):>9}  {blob.how}" for blob in ours)]


def sent_sentence(pushed: PushedImage) -> str:
    """`1.07 GB sent in 31 requests; 1.45 GB not sent (1.3 GB imported, 149 MB present).`.

    What was spared in one way only is said once: `4.2 kB sent in 9 requests; 1.3 GB mounted.`
    """
    sent = f"{size(pushed.bytes_sent)} sent in {count(pushed.requests, 'request')}"
    spared = {
        how: sum(blob.size for blob in blobs) for how, blobs in _by_how(pushed.blobs).items() if how is not How.SENT
    }
    if not any(spared.values()):
        return f"{sent}."
    if len(spared) == 1:
        return f"{sent}; {', '.join(f'{size(amount)} {how}' for how, amount in spared.items())}."
    parts = ", ".join(f"{size(amount)} {how}" for how, amount in spared.items())
    return f"{sent}; {size(sum(spared.values()))} not sent ({parts})."


def _by_how(blobs: Iterable[BlobTransfer]) -> dict[How, list[BlobTransfer]]:
    """Blobs by what became of them, in the order in which that is first met."""
    found: dict[How, list[BlobTransfer]] = defaultdict(list)
    for blob in blobs:
        found[blob.how].append(blob)
    return dict(found)


def _base_and_ours(blobs: Sequence[BlobTransfer]) -> tuple[list[BlobTransfer], list[BlobTransfer]]:
    base = [blob for blob in blobs if blob.name.startswith(_BASE_LAYER)]
    return base, [blob for blob in blobs if not blob.name.startswith(_BASE_LAYER)]
