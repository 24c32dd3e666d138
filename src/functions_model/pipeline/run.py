"""The story of a run.

Inputs were read and checked before (`functions_model.inputs`). Here they become a live app:

1. check    the entry script, host.json and the environment, without any network;
2. log in   once, for everything, and fetch what is registered in Azure ML;
3. prepare  the base image and the plans of the layers, and beside it look at the resources; refuse what cannot be;
4. build    the lock and the layers, side by side, each found again, packed, or packed and sent in one pass; the image;
            from the lock on, resources that need not wait for the image are made beside it;
5. plan     the difference between what is wanted and what is there;
6. deliver  the rest of the image, the tag last, and the resources, side by side, the app after the image;
7. verify   that the app answers, with this very build; when it does not, what ran before is put back. A slot is
            verified before it is swapped with the app, and the app after that.

Mode `plan` sends nothing and ends after step 5; mode `package` skips the resources; builder `dockerfile` writes a
folder after step 3 and ends there. Each step returns a new noun and changes none that it was given. What happens is
told as events as it happens; a step that fails raises a `Failure` and the story ends there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.core.build import Builder
from functions_model.core.spec import Mode
from functions_model.pipeline.build import build
from functions_model.pipeline.checks import check
from functions_model.pipeline.context import write_folder
from functions_model.pipeline.deliver import deliver, finish
from functions_model.pipeline.events import PlanMade
from functions_model.pipeline.fetch import fetch
from functions_model.pipeline.ground import ground_for
from functions_model.pipeline.look import check_rights, look
from functions_model.pipeline.making import Making
from functions_model.pipeline.prepare import prepare
from functions_model.pipeline.prove import prove
from functions_model.pipeline.pushing import open_push
from functions_model.pipeline.session import open_session
from functions_model.pipeline.tag import look_at_tag
from functions_model.pipeline.verifying import Delivered
from functions_model.provision import plan

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.checks import Checked
    from functions_model.pipeline.events import ImageBuilt
    from functions_model.pipeline.look import Seen
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session
    from functions_model.provision import ResourcePlan


def run(spec: DeploymentSpec, parts: Parts) -> None:
    """Do what the spec says.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    for note in spec.notes:
        parts.ci.info(f"Note: {note}")
    with parts.stage("Check"):
        checked = check(spec, parts)
    with closing(open_session(spec, parts)) as session:
        spec, read = fetch(spec, checked, session, parts)
        with parts.stage("Prepare the image"):
            making, seen = _prepare_and_look(spec, read, session, parts)
        if spec.build.builder is Builder.DOCKERFILE:
            write_folder(making)
        else:
            _make(making, seen)


def _prepare_and_look(
    spec: DeploymentSpec, read: Checked, session: Session, parts: Parts
) -> tuple[Making, Seen | None]:
    """Side by side: neither needs the other, and both wait for services far away. Of two faults the image's is told."""
    with ThreadPoolExecutor(1, "look") as pool:
        looking = pool.submit(look, spec, session, parts)
        prepared = prepare(spec, read, session, parts)
    seen = looking.result()
    if seen:
        check_rights(seen, spec, parts)
    return Making(spec, prepared, session, parts), seen


def _make(making: Making, seen: Seen | None) -> None:
    spec, session, parts = making.spec, making.session, making.parts
    with closing(open_push(making)) as push, ground_for(seen, session.subscription, push, parts) as ground:
        writes = spec.mode is not Mode.PLAN
        product = build(making, push, ground.begin) if writes else build(making, None)
        built = product.built
        parts.tell(built)
        look_at_tag(spec, built, session, parts)
        if session.subscription is None or seen is None:
            with parts.stage("Finish the push"):
                finish(product, push, parts)
            return
        changes = _plan(built, seen, parts)
        if spec.mode is Mode.PLAN:
            return
        with parts.stage("Finish the push and provision"):
            applied = deliver(product, changes, push, session.subscription, parts, ground=ground)
    prove(making, Delivered(built, changes, applied), session.subscription)


def _plan(built: ImageBuilt, seen: Seen, parts: Parts) -> ResourcePlan:
    with parts.stage("Plan"):
        changes = plan(replace(seen.wanted, image=built.reference.pinned), seen.observed)
        parts.tell(PlanMade(changes))
    return changes
