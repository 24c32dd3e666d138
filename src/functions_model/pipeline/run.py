"""The story of a run.

Inputs were read and checked before (`functions_model.inputs`). Here they become a live app:

1. check    the entry script, host.json and the environment, without any network;
2. log in   once, for everything, and fetch what is registered in Azure ML; the lock is resolved from here on;
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

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from functions_model.core.build import Builder
from functions_model.core.spec import DeploymentSpec
from functions_model.environment import EnvironmentRequest
from functions_model.pipeline.build import build, write_folder
from functions_model.pipeline.checks import check
from functions_model.pipeline.early_lock import begun_early
from functions_model.pipeline.fetch import fetch
from functions_model.pipeline.looking import look_at_files
from functions_model.pipeline.prepare import prepare
from functions_model.pipeline.push import finish_push, open_push
from functions_model.pipeline.registered_files import told_as_registered
from functions_model.pipeline.session import Session, World, open_session


def run(spec: DeploymentSpec, world: World) -> None:
    """Do what the spec says.

    Raises:
        Failure: One of its families; see `functions_model.core.failures`.
    """
    for note in spec.notes:
        world.ci.info(f"Note: {note}")
    with world.stage("Check"):
        checked = check(spec, world)
    # In this order, as a dropped lock is waited for: the connections are given back first.
    with (
        begun_early(spec, checked, world.work, world.report) as early,
        closing(open_session(spec, world)) as opened,
        told_as_registered(world.work),
    ):
        session = replace(opened, early=early)
        spec, request = fetch(spec, checked, session)
        if session.subscription is None:
            _package(spec, request, session)
            return
        from functions_model.pipeline.deployment import deploy  # noqa: PLC0415 - an upload should begin at once

        deploy(spec, request, session, session.subscription)


def _package(spec: DeploymentSpec, request: EnvironmentRequest, session: Session) -> None:
    """Without resources: the image and its push, or the folder that an image can be built from."""
    with session.world.stage("Prepare the image"):
        making = prepare(spec, request, session)
        look_at_files(making)
    if spec.build.builder is Builder.DOCKERFILE:
        write_folder(making)
        return
    with closing(open_push(making)) as push:
        product = build(making, push)
        with session.world.stage("Finish the push"):
            finish_push(product, push, session.world)
