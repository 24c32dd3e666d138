"""The part of the story that Azure resources have in it: look, plan, provision and release, around the image.

Nothing of it is imported by a run that only makes an image.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace

from functions_model.bundle import provenance
from functions_model.ci.host import Level
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete, Failure, PlanRefused, Problem
from functions_model.core.spec import DeploymentSpec, Mode
from functions_model.environment import EnvironmentRequest
from functions_model.hosting.known_hosts import host_of
from functions_model.pipeline.build import Product, build
from functions_model.pipeline.events import AheadBegun, PlanApplied, PlanBegun, PlanMade
from functions_model.pipeline.housekeeping import with_old_images
from functions_model.pipeline.layers import Beside
from functions_model.pipeline.looking import look_at_files
from functions_model.pipeline.prepare import Making, prepare
from functions_model.pipeline.push import finish_push, open_push
from functions_model.pipeline.release import overtaking_told, release
from functions_model.pipeline.session import Session, Subscription, World, run_context
from functions_model.pipeline.verifying import Delivered
from functions_model.provision import (
    Applied,
    BegunAhead,
    ResourcePlan,
    apply,
    begin_ahead,
    missing_rights,
    observe,
    plan,
    wanted_for,
)
from functions_model.provision.kinds.image_import import ImageElsewhere
from functions_model.registry import Push, PushedImage

PENDING = "digest pending"
"""What people see in place of an image's digest until it is known."""


def deploy(spec: DeploymentSpec, request: EnvironmentRequest, session: Session, subscription: Subscription) -> None:
    """Make the image and bring it to its app; in mode `plan`, show what that would do.

    Args:
        spec: With everything on this machine.
        request: What the environment file asks for.
        session: What the run can reach.
        subscription: Where the resources are.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    world, writes = session.world, spec.mode is not Mode.PLAN
    with world.stage("Prepare the image"):
        making, pending = _prepare_and_look(spec, request, session, subscription)
    with closing(open_push(making)) as push, BesideImage(pending, subscription, push, world) as beside:
        if writes:
            with world.stage("Plan"):
                world.tell(PlanBegun(pending))
        product = build(making, push, Beside(beside.begin, beside.let_go)) if writes else build(making, None)
        with world.stage("Complete the plan" if writes else "Plan"):
            changes = plan(replace(pending.wanted, image=product.built.app.reference.pinned), pending.observed)
            changes = with_old_images(spec, session, changes)
            world.tell(PlanMade(changes, pending if writes else None))
        if not writes:
            return
        with world.stage("Finish the push and provision"), overtaking_told(world):
            applied = beside.deliver(product, changes)
    with overtaking_told(world):
        release(Delivered(spec, session, subscription.clients, product.built.app, changes, applied))


def _prepare_and_look(
    spec: DeploymentSpec, request: EnvironmentRequest, session: Session, subscription: Subscription
) -> tuple[Making, ResourcePlan]:
    """Side by side: neither needs the other, and both wait for services far away. Of two faults the image's is told."""
    with ThreadPoolExecutor(1, "look") as pool:
        image = f"{session.host}/{spec.image.repository}, {PENDING}"
        looking = pool.submit(look, spec, session, subscription, image)
        making = prepare(spec, request, session)
        look_at_files(making)
    pending, lacking = looking.result()
    check_rights(pending, lacking, spec.mode, session.world)
    return making, pending


def look(
    spec: DeploymentSpec,
    session: Session,
    subscription: Subscription,
    image: str,
    elsewhere: ImageElsewhere | None = None,
) -> tuple[ResourcePlan, tuple[Problem, ...]]:
    """Read the live state before anything is written. Tells nothing: it may run beside something else.

    Args:
        spec: What is deployed.
        session: What the run can reach.
        subscription: Where the resources are.
        image: With its digest; any text while that is not known.
        elsewhere: Where it is; None when the registry has it, or will.

    Returns:
        The plan for that image, and what the login may not write of it.

    Raises:
        PlanRefused: It cannot be read, or a resource that is there cannot carry the app.
    """
    ci, host = session.world.ci, host_of(spec.target)
    wanted = wanted_for(spec, image, subscription.registry, host, provenance(ci.facts))
    observed = observe(subscription.clients, wanted, mask=ci.mask)
    planned = plan(wanted, observed.having(elsewhere))
    return planned, missing_rights(planned, subscription.clients)


def check_rights(pending: ResourcePlan, lacking: tuple[Problem, ...], mode: Mode, world: World) -> None:
    """A login that only plans, as that of a pull request, need not be able to do what it shows: it is told.

    Args:
        pending: The plan; its image may not be known yet.
        lacking: What the login may not write of it.
        mode: What the run does.
        world: What the run has around it.

    Raises:
        PlanRefused: The login may not write what is missing.
    """
    if mode is Mode.PLAN:
        for problem in lacking:
            world.ci.annotate(Level.WARNING, f"This login could not apply the plan: {problem.what}. {problem.remedy}")
    elif lacking:
        raise PlanRefused(f"plan the function app `{pending.wanted.names.app}`", lacking)


class BesideImage(AbstractContextManager["BesideImage"]):
    """The resources of one run, made beside its image and after it. Nothing is made before `begin`.

    As a context, it is left when what was begun is at its end, whatever happened. Leaving it raises the failure of a
    resource where that is the cause of the failure inside.

    Args:
        plan: The resources.
        subscription: Where they are.
        push: Is ended when a resource cannot be made: nothing would come of the image.
        world: What the run has around it.

    Attributes:
        begun: What is being made; None when nothing has to be.
    """

    def __init__(self, plan: ResourcePlan, subscription: Subscription, push: Push, world: World) -> None:
        self._plan, self._subscription, self._push, self._world = plan, subscription, push, world
        self._checked: Future[None] = Future()
        self.begun: BegunAhead | None = None

    def begin(self) -> None:
        """Make what need not wait, if there is any; what costs much or is seen waits until `let_go`."""
        if ahead := self._plan.ahead:
            self._world.tell(AheadBegun(ahead))
            clients, context = self._subscription.clients, run_context(self._world)
            self.begun = begin_ahead(self._plan, clients, context, checked=self._checked, failed=self._push.close)

    def let_go(self) -> None:
        """Make the rest of it, too: the checks have found nothing that ends the run."""
        self._checked.set_result(None)

    def deliver(self, product: Product, changes: ResourcePlan) -> Applied:
        """Finish the push and make the rest of the resources at the same time. The app waits for both.

        Args:
            product: The image.
            changes: The plan with it.

        Returns:
            What was written, what was begun before included.

        Raises:
            RegistryFailed: The push failed; the app was not touched.
            ApplyIncomplete: A resource could not be written.
        """
        clients, context = self._subscription.clients, run_context(self._world)
        with ThreadPoolExecutor(max_workers=1) as pool:
            pushing: Future[PushedImage] = pool.submit(finish_push, product, self._push, self._world)
            try:
                applied = apply(changes, clients, context, ready={"image": pushing}, ahead=self.begun)
            except Failure:
                # A push that failed is the cause, and the resources that then could not be written are its effect.
                if cause := pushing.exception():
                    raise cause from None
                raise
            pushing.result()
        self._world.tell(PlanApplied(applied))
        return applied

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Wait for the end of what was begun. A failure inside is told first.

        Raises:
            ApplyIncomplete: A resource could not be written, and the failure inside is an effect of that.
        """
        if self.begun is None:
            return
        if not self._checked.done():
            self._checked.set_exception(error or RuntimeError("nobody has looked at the project"))
        if isinstance(error, Failure) and CANCEL.open:
            # What is being made may take a minute; whoever reads the log need not wait for it.
            self._world.ci.info(f"{error}\nThe run ends when what was begun is made: {', '.join(CANCEL.open)}.")
        self.begun.graph.outcomes()
        if isinstance(error, Failure) and not isinstance(error, ApplyIncomplete):
            self.begun.finish()
