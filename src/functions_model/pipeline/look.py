"""What is there of the resources, looked at before a byte is sent: what cannot carry the app is refused here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.digests import digest_of
from functions_model.core.references import ImageReference
from functions_model.provision import observe, plan, wanted_for

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session
    from functions_model.provision import Observed, ResourcePlan, Wanted

_NOT_YET = digest_of(b"")
"""Stands for the image's digest until it is known. It is part of no request and shown to nobody."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The resources.

    Attributes:
        plan: For an image that is not known yet.
    """

    plan: ResourcePlan

    @property
    def wanted(self) -> Wanted:
        """With an image that is not known yet."""
        return self.plan.wanted

    @property
    def observed(self) -> Observed:
        """The resources as they are."""
        return self.plan.observed


def look(spec: DeploymentSpec, session: Session, parts: Parts) -> Seen | None:
    """Read the live state; None where no Azure resource is touched.

    Raises:
        PlanRefused: It cannot be read, or a resource that is there cannot carry the app.
    """
    if session.subscription is None:
        return None
    image = ImageReference(session.host, spec.image.repository, spec.image.tag, _NOT_YET)
    wanted = wanted_for(spec, image, session.subscription.registry, parts.provenance)
    observed = observe(session.subscription.clients, wanted, mask=parts.ci.mask)
    return Seen(plan(wanted, observed))
