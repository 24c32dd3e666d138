"""What is there of the resources, looked at before a byte is sent: what cannot carry the app is refused here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from functions_model.bundle import provenance
from functions_model.ci.host import Level
from functions_model.core.digests import digest_of
from functions_model.core.failures import PlanRefused
from functions_model.core.references import ImageReference
from functions_model.core.spec import Mode
from functions_model.provision import missing_rights, observe, plan, wanted_for

if TYPE_CHECKING:
    from functions_model.core.failures import Problem
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Subscription
    from functions_model.provision import Observed, ResourcePlan, Wanted

_NOT_YET = digest_of(b"")
"""Stands for the image's digest until it is known. It is part of no request and shown to nobody."""
PENDING = "digest pending"
"""What people see in its place."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The resources.

    Attributes:
        plan: For an image that is not known yet.
        lacking: What the login may not write of it.
    """

    plan: ResourcePlan
    lacking: tuple[Problem, ...] = ()

    @property
    def wanted(self) -> Wanted:
        """With an image that is not known yet."""
        return self.plan.wanted

    @property
    def observed(self) -> Observed:
        """The resources as they are."""
        return self.plan.observed


def look(spec: DeploymentSpec, host: str, subscription: Subscription, parts: Parts) -> Seen:
    """Read the live state. Tells nothing: it runs beside something else.

    Args:
        spec: What is wanted.
        host: The registry's login server.
        subscription: Where the resources are.
        parts: The outside world.

    Raises:
        PlanRefused: It cannot be read, or a resource that is there cannot carry the app.
    """
    image = ImageReference(host, spec.image.repository, spec.image.tag, _NOT_YET)
    wanted = wanted_for(spec, image, subscription.registry, provenance(parts.ci.facts))
    wanted = replace(wanted, image=f"{host}/{spec.image.repository}, {PENDING}")
    seen = plan(wanted, observe(subscription.clients, wanted, mask=parts.ci.mask))
    return Seen(seen, missing_rights(seen, subscription.clients))


def check_rights(seen: Seen, spec: DeploymentSpec, parts: Parts) -> None:
    """A login that only plans, as that of a pull request, need not be able to do what it shows: it is told.

    Raises:
        PlanRefused: The login may not write what is missing.
    """
    if spec.mode is Mode.PLAN:
        for problem in seen.lacking:
            parts.ci.annotate(Level.WARNING, f"This login could not apply the plan: {problem.what}. {problem.remedy}")
    elif seen.lacking:
        raise PlanRefused(f"plan the function app `{spec.target.names.app if spec.target else ''}`", seen.lacking)
