"""With `keep-images`: old images of the app's repository are a part of the plan, and go once the app is live.

Nothing here ends a run: whatever the registry says, the app is live.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.azure.misread import understood
from functions_model.ci.host import Level
from functions_model.core.failures import Failure
from functions_model.core.references import Digest, parse_digest, parse_reference
from functions_model.core.spec import DeploymentSpec
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.events import ResourceWritten
from functions_model.pipeline.live_tags import image_in_registry
from functions_model.pipeline.session import Session
from functions_model.pipeline.verifying import Delivered
from functions_model.provision import Action, Change, FieldChange, LiveApp, ResourcePlan, Written
from functions_model.provision.applying.incomplete import told
from functions_model.provision.changes import OLD_IMAGE

if TYPE_CHECKING:
    from functions_model.registry.contents import Stored

MOST = 100
"""Images that one run removes. The rest is left to the runs that follow, so that none of them takes long."""


def with_old_images(spec: DeploymentSpec, session: Session, plan: ResourcePlan) -> ResourcePlan:
    """The plan, with the images that are removed once its own is live. A registry that cannot be read is a warning."""
    keep, image = spec.image.keep, parse_reference(plan.wanted.image)
    if keep is None or (acr := session.acr()) is None:
        return plan
    from functions_model.registry.contents import read_contents  # noqa: PLC0415 - the SDK costs every run 50 ms
    from functions_model.registry.old_images import old_images  # noqa: PLC0415 - it does here, too

    try:
        contents = read_contents(acr, session.client_of(session.host), image.repository)
    except Failure as failure:
        session.world.ci.annotate(Level.WARNING, f"{failure} So `keep-images` removes nothing.", minor=True)
        return plan
    old = old_images(contents, keep, tuple(_needed(plan)), datetime.now(UTC))
    changes = tuple(_change(image.repository, one, keep) for one in old[:MOST])
    notes = () if len(old) <= MOST else (f"{len(old) - MOST} more old images are left to later runs.",)
    return replace(plan, changes=(*plan.changes, *changes), notes=(*plan.notes, *notes))


def remove_old_images(delivered: Delivered) -> None:
    """Remove those of the plan, once all else is done. One that has become live meanwhile stays.

    What the registry refuses is a warning, and ends it: the next run tries again.
    """
    acr, world = delivered.session.acr(), delivered.world
    planned = [change for change in delivered.plan.changes if change.kind == OLD_IMAGE]
    running = _running(delivered) if planned else None
    if running is None or acr is None:
        return
    from functions_model.registry.contents import remove_manifest  # noqa: PLC0415 - as above

    with world.stage("Remove old images"):
        for change in planned:
            repository, _, digest = change.name.partition("@")
            started = time.monotonic()
            try:
                removed = digest not in running and remove_manifest(acr, repository, parse_digest(digest))
            except Failure as failure:
                world.ci.annotate(Level.WARNING, f"{failure} The app is live; old images stay.", minor=True)
                return
            if not removed:
                world.ci.info(f"{str(change).capitalize()} stays: an app runs it by now, or it was locked.")
                continue
            written = Written(change, time.monotonic() - started)
            world.tell(ResourceWritten(written))
            world.ci.info(told(written))


def _running(delivered: Delivered) -> set[str] | None:
    """Digests of what the app and all its candidates run by now: somebody else may have deployed one that is old.

    None when that cannot be read: then nothing may go.
    """
    host, clients, names = delivered.host, delivered.clients, delivered.plan.wanted.names
    try:
        with understood():
            return {host.image_of(clients, one).rpartition("@")[2] for one in host.places_of(clients, names.at())}
    except AzureError as exc:
        failure = explain(exc, "see what the app runs")
        delivered.world.ci.annotate(Level.WARNING, f"{failure} So `keep-images` removes nothing.", minor=True)
        return None


def _needed(plan: ResourcePlan) -> Iterator[Digest]:
    """What is about to be live, and what runs until then: apps that were deployed long ago have no live tag."""
    before = plan.observed.of(LiveApp), host_of(plan.wanted.target).candidate_before(plan)
    for image in (plan.wanted.image, *(app.image for app in before if app)):
        reference = image_in_registry(image)
        if reference and reference.digest:
            yield reference.digest


def _change(repository: str, old: Stored, keep: int) -> Change:
    why = "a newer record replaced it" if old.is_record else f"beyond the {keep} newest, and no app runs it"
    reason = f"of {old.created:%Y-%m-%d}, {why}"
    fields = (FieldChange("tags", ", ".join(old.tags), "removed"),) if old.tags else ()
    return Change(OLD_IMAGE, f"{repository}@{old.digest}", Action.DELETE, fields, reason)
