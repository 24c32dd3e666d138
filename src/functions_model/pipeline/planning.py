"""The resources before the image is there: looked at, planned, and made as far as they need not wait for it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from functions_model.bundle import provenance
from functions_model.ci.host import Level
from functions_model.core.failures import ApplyIncomplete, Failure, PlanRefused
from functions_model.core.spec import Mode
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.events import AheadBegun
from functions_model.pipeline.session import run_context
from functions_model.provision import begin_ahead, missing_rights, observe, plan, wanted_for

if TYPE_CHECKING:
    from functions_model.core.failures import Problem
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.session import Session, Subscription, World
    from functions_model.provision import BegunAhead, ResourcePlan
    from functions_model.registry import Push

PENDING = "digest pending"
"""What people see in place of an image's digest until it is known."""


def look(
    spec: DeploymentSpec, session: Session, subscription: Subscription
) -> tuple[ResourcePlan, tuple[Problem, ...]]:
    """Read the live state before a byte is sent. Tells nothing: it runs beside something else.

    Returns:
        The plan for an image that is not known yet, and what the login may not write of it.

    Raises:
        PlanRefused: It cannot be read, or a resource that is there cannot carry the app.
    """
    ci, image = session.world.ci, f"{session.host}/{spec.image.repository}, {PENDING}"
    wanted = wanted_for(spec, image, subscription.registry, host_of(spec.target), provenance(ci.facts))
    begun = plan(wanted, observe(subscription.clients, wanted, mask=ci.mask))
    return begun, missing_rights(begun, subscription.clients)


def check_rights(begun: ResourcePlan, lacking: tuple[Problem, ...], mode: Mode, world: World) -> None:
    """A login that only plans, as that of a pull request, need not be able to do what it shows: it is told.

    Args:
        begun: The plan.
        lacking: What the login may not write of it.
        mode: What the run does.
        world: The outside world.

    Raises:
        PlanRefused: The login may not write what is missing.
    """
    if mode is Mode.PLAN:
        for problem in lacking:
            world.ci.annotate(Level.WARNING, f"This login could not apply the plan: {problem.what}. {problem.remedy}")
    elif lacking:
        raise PlanRefused(f"plan the function app `{begun.wanted.names.app}`", lacking)


class AheadOfImage(AbstractContextManager["AheadOfImage"]):
    """What one run makes beside the image. Nothing is, before `begin`.

    As a context, it is left when what was begun is at its end, whatever happened. Leaving it raises the failure of a
    resource where that is the cause of the failure inside.

    Args:
        plan: The resources.
        subscription: Where they are.
        push: Is ended when a resource cannot be made: nothing would come of the image.
        world: The outside world.

    Attributes:
        begun: What is being made; None when nothing has to be.
    """

    def __init__(self, plan: ResourcePlan, subscription: Subscription, push: Push, world: World) -> None:
        self._plan, self._subscription, self._push, self._world = plan, subscription, push, world
        self.begun: BegunAhead | None = None

    def begin(self) -> None:
        """Make what need not wait, if there is any."""
        if ahead := self._plan.ahead:
            self._world.tell(AheadBegun(ahead))
            clients, context = self._subscription.clients, run_context(self._world)
            self.begun = begin_ahead(self._plan, clients, context, failed=self._push.close)

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Wait for the end of what was begun.

        Raises:
            ApplyIncomplete: A resource could not be written, and the failure inside is an effect of that.
        """
        if self.begun is None:
            return
        self.begun.graph.outcomes()
        if isinstance(error, Failure) and not isinstance(error, ApplyIncomplete):
            self.begun.finish()
