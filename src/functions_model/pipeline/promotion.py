"""The story of a run that deploys an image that is there: read its label, look and plan, provision, release.

Nothing is built. Where the app's registry does not have the image, having it imported is a change of the plan.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from functions_model.bundle import route_prefix
from functions_model.bundle.deployable import AppImage, Label, NotOurs, read_label
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.promotion import PromotionSpec
from functions_model.core.references import ImageReference, short
from functions_model.core.spec import Mode
from functions_model.pipeline.deployment import check_rights, look
from functions_model.pipeline.events import ImageFound, PlanApplied, PlanMade
from functions_model.pipeline.housekeeping import with_old_images
from functions_model.pipeline.release import overtaking_told, release
from functions_model.pipeline.session import Session, Subscription, World, open_session, run_context
from functions_model.pipeline.verifying import Delivered
from functions_model.provision import RegistryResource, apply
from functions_model.provision.access.image_sources import find_source
from functions_model.provision.kinds.image_import import ImageElsewhere
from functions_model.registry import UnfitImage, find_manifest, pull_base


def promote(spec: PromotionSpec, world: World) -> None:
    """Bring the image to its app; in mode `plan`, show what that would do.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    with closing(open_session(spec, world)) as session:
        if session.subscription is None:
            raise TypeError("an image is deployed to a subscription")
        with overtaking_told(world):
            _promote(spec, session, session.subscription)


def _promote(given: PromotionSpec, session: Session, subscription: Subscription) -> None:
    world, clients = session.world, subscription.clients
    with world.stage("Read the image"):
        reference, elsewhere = _locate(given, session, subscription)
        label = _label(session, elsewhere.source if elsewhere else reference)
        spec = given.completed(label.inputs)
        app = AppImage(reference, label.build_id, label.functions, spec.trigger, route_prefix(spec))
        world.tell(ImageFound(app, spec, _place(elsewhere.source) if elsewhere else ""))
        for note in spec.notes:
            world.ci.info(f"Note: {note}")
    with world.stage("Plan"):
        plan, lacking = look(spec, session, subscription, reference.pinned, elsewhere)
        check_rights(plan, lacking, spec.mode, world)
        plan = with_old_images(spec, session, plan)
        world.tell(PlanMade(plan))
    if spec.mode is Mode.PLAN:
        return
    with world.stage("Provision"):
        applied = apply(plan, clients, run_context(world), ready={})
        world.tell(PlanApplied(applied))
    release(Delivered(spec, session, clients, app, plan, applied))


def _locate(
    given: PromotionSpec, session: Session, subscription: Subscription
) -> tuple[ImageReference, ImageElsewhere | None]:
    """Where the app pulls the image from, and where that registry must take it from before.

    Raises:
        InputsInvalid: The image is not there.
        PlanRefused: The login does not see its registry.
        RegistryFailed: A registry may not be read.
    """
    source = given.source
    here = ImageReference(session.host, given.image.repository, digest=source.digest)
    if find_manifest(session.client_of(session.host), here) is not None:
        return here, None
    if here == source:
        what = f"`{source.registry}` has no image `{source.digest}` in the repository `{source.repository}`"
        raise _refused(source, what, f"{_FIND} An older image may have been removed by `keep-images`.")
    tag = short(str(source.digest))
    registry = _reach(given, session, subscription)
    target, login = f"{here.repository}:{tag}", None if registry else given.source_login
    return replace(here, tag=tag), ImageElsewhere(source, registry.id if registry else "", target, login)


def _reach(given: PromotionSpec, session: Session, subscription: Subscription) -> RegistryResource | None:
    """The image's registry as Resource Manager knows it; None where it is asked, and imported from, without that."""
    host = given.source.registry
    if host == session.host:
        return subscription.registry
    if given.source_login:
        session.log_in_to(host, given.source_login)
        return None
    if registry := find_source(subscription.clients, host):
        session.trust(registry)
    return registry


def _label(session: Session, image: ImageReference) -> Label:
    """What the image says of itself.

    Raises:
        InputsInvalid: It is none that can be deployed, or was made for another platform.
        RegistryFailed: It is not there, or may not be read.
    """
    try:
        return read_label(pull_base(session.client_of(image.registry), image, kind="image").config)
    except UnfitImage as unfit:
        raise _refused(image, unfit.reason, unfit.remedy) from unfit
    except NotOurs as no:
        raise _refused(image, no.what, no.remedy) from no


_FIND = "Give the output `image` of the run that made it."


def _refused(image: ImageReference, what: str, remedy: str) -> InputsInvalid:
    return InputsInvalid(f"deploy `{image.pinned}`", [Problem(what, remedy, "image")])


def _place(image: ImageReference) -> str:
    return f"{image.registry}/{image.repository}"
