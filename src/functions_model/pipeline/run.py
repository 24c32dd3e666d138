"""The story of a run.

Inputs were read and checked before (`functions_model.inputs`). Here they become a live app:

1. check    the entry script, host.json and the environment, without any network;
2. log in   once, for everything, and fetch what is registered in Azure ML;
3. prepare  the base image and the plans of the layers, and beside it look at the resources; refuse what cannot be, and
            show what would be done, the image's digest pending;
4. build    the lock and the layers, side by side, each found again, packed, or packed and sent in one pass; the image;
            from the lock on, resources that need not wait for the image are made beside it;
5. plan     the difference between what is wanted and what is there;
6. deliver  the rest of the image, the tag last, and the resources, side by side, the app after the image;
7. verify   that the app answers, with this very build; when it does not, what ran before is put back. A
            candidate beside the app is verified before it takes the app's place, and the app after that.

Steps 5 and 7, and what the others do with resources, are in `deployment.py`; mode `package` skips them. Mode `plan`
sends nothing and ends after step 5; builder `dockerfile` writes a folder after step 3 and ends there. Each step returns
a new noun and changes none that it was given. What happens is told as events as it happens; a step that fails raises a
`Failure` and the story ends there.
"""

# ruff: noqa: PLC0415 - what only resources need is imported where there are any: an upload should begin at once

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from functions_model.core.build import Builder
from functions_model.pipeline.build import build, write_folder
from functions_model.pipeline.checks import check
from functions_model.pipeline.deliver import finish_push, open_push
from functions_model.pipeline.fetch import fetch
from functions_model.pipeline.prepare import prepare
from functions_model.pipeline.session import open_session

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import EnvironmentRequest
    from functions_model.pipeline.session import Session, Subscription, World


def run(spec: DeploymentSpec, world: World) -> None:
    """Do what the spec says.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    for note in spec.notes:
        world.ci.info(f"Note: {note}")
    with world.stage("Check"):
        checked = check(spec, world)
    with closing(open_session(spec, world)) as session:
        spec, request = fetch(spec, checked, session)
        if session.subscription is None:
            _run_without_resources(spec, request, session)
        else:
            _run_with_resources(spec, request, session, session.subscription)


def _run_without_resources(spec: DeploymentSpec, request: EnvironmentRequest, session: Session) -> None:
    world = session.world
    with world.stage("Prepare the image"):
        making = prepare(spec, request, session)
    if spec.build.builder is Builder.DOCKERFILE:
        write_folder(making)
        return
    with closing(open_push(making)) as push:
        product = build(making, push)
        with world.stage("Finish the push"):
            finish_push(product, push, world)


def _run_with_resources(
    spec: DeploymentSpec, request: EnvironmentRequest, session: Session, subscription: Subscription
) -> None:
    """The resources are looked at beside `prepare`: neither needs the other, and both wait for services far away.

    Of two faults the image's is told.
    """
    from functions_model.pipeline.deployment import deploy
    from functions_model.pipeline.planning import check_rights, look

    with session.world.stage("Prepare the image"):
        with ThreadPoolExecutor(1, "look") as pool:
            looking = pool.submit(look, spec, session, subscription)
            making = prepare(spec, request, session)
        begun, lacking = looking.result()
        check_rights(begun, lacking, spec.mode, session.world)
    deploy(making, begun, subscription)
