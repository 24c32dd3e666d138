"""Live tags: each says which image an app, or a candidate, runs, so that nobody takes that image away.

A tag moves when the app was seen to run the image. Nothing here ends a run: the app is live, or gone, whatever the
registry says.
"""

from __future__ import annotations

from dataclasses import replace

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError

from functions_model.azure.cloud import Cloud
from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding
from functions_model.ci.host import Level
from functions_model.core.failures import Failure
from functions_model.core.names import Names
from functions_model.core.references import ImageReference, live_tag, parse_reference
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.pipeline.session import World, acr_of
from functions_model.pipeline.verifying import Delivered
from functions_model.registry.retagging import retag


def tag_verified(delivered: Delivered, *, candidate: bool = False) -> None:
    """Move the live tag of the app, or of its candidate, onto the image that was delivered and is live there."""
    names, host = delivered.plan.wanted.names, delivered.host
    before = host.candidate_before(delivered.plan) if candidate else delivered.before
    place = names if candidate else names.at()
    _tag(delivered, place, delivered.app.reference.pinned, before.image if before else "")


def tag_moved(delivered: Delivered) -> None:
    """Move both tags after a move: the app runs what was delivered, and its candidate what the app ran before."""
    tag_verified(delivered)
    if delivered.before and delivered.before.image:
        names, was = delivered.plan.wanted.names, delivered.app.reference.pinned
        _tag(delivered, names, delivered.before.image, was)


def image_in_registry(image: str) -> ImageReference | None:
    """What an app runs, as a reference; None for what is none."""
    try:
        return parse_reference(image)
    except ValueError:
        return None


def untag(world: World, tag: ImageReference, cloud: Cloud, credential: TokenCredential) -> None:
    """Remove a live tag. A login that may not do it has a warning with the command."""
    from functions_model.registry.tags import remove_tag  # noqa: PLC0415 - the SDK costs every run 50 ms

    try:
        remove_tag(acr_of(tag.registry, credential, cloud), tag.repository, tag.tag or "")
    except Failure as failure:
        world.ci.annotate(Level.WARNING, f"{failure} Until it is gone, it keeps the image that it names.", minor=True)
    else:
        world.tell(LiveTagMoved(tag))


def _tag(delivered: Delivered, names: Names, image: str, before: str) -> None:
    """Move one tag, unless somebody else has deployed there meanwhile: then it is theirs to move."""
    session, tag = delivered.session, live_tag(delivered.host.id_of(names))
    if not _runs(delivered, names, image, tag):
        return
    new, old = image_in_registry(image), image_in_registry(before)
    if new and new.registry == session.host:
        _move(delivered, names, new, tag)
    else:
        delivered.world.ci.info(f"{names} runs `{image}`, which is not in `{session.host}`: no tag keeps it.")
    if old and new and (old.registry, old.repository) != (new.registry, new.repository):
        _untag_earlier(delivered, replace(old, tag=tag, digest=None))


def _untag_earlier(delivered: Delivered, tag: ImageReference) -> None:
    """What was run before was of another repository, where the tag would keep it for ever."""
    cloud, credential = delivered.session.cloud, delivered.session.credential
    if cloud and credential and cloud.has_registry(tag.registry):
        untag(delivered.world, tag, cloud, credential)


def _runs(delivered: Delivered, names: Names, image: str, tag: str) -> bool:
    """Whether it still runs the image; said where it does not, or where that cannot be read."""
    try:
        runs = understanding(delivered.host.image_of)(delivered.clients, names)
    except AzureError as exc:
        _warn(delivered, names, str(explain(exc, f"move the tag `{tag}`")))
        return False
    if runs != image:
        delivered.world.ci.info(f"{names} runs `{runs}` by now: the tag `{tag}` is left to whoever deployed that.")
    return runs == image


def _move(delivered: Delivered, names: Names, image: ImageReference, tag: str) -> None:
    session = delivered.session
    try:
        if retag(session.client_of(session.host), image, tag):
            delivered.world.tell(LiveTagMoved(replace(image, tag=tag), names))
    except Failure as failure:
        _warn(delivered, names, str(failure))


def _warn(delivered: Delivered, names: Names, failure: str) -> None:
    more = f"So no tag keeps the image that {names} runs: a run with `keep-images` may remove it."
    delivered.world.ci.annotate(Level.WARNING, f"{failure} {more}")
