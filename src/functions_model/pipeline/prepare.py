"""Everything about an image that can be known at once: the base, the plans, what came before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from functions_model.bundle import BundlePlan, plan_layers
from functions_model.bundle.labels import OCI
from functions_model.ci.host import Level
from functions_model.core.build import Builder
from functions_model.core.failures import InputsInvalid, Location, Problem
from functions_model.core.references import Digest, ImageReference, parse_reference
from functions_model.core.spec import DeploymentSpec
from functions_model.engine import read_dockerfile
from functions_model.environment import EnvironmentRequest, PythonChoice, base_image_for, choose_python
from functions_model.image.assembly import EPOCH, Base
from functions_model.image.credentials import LeftOut
from functions_model.pipeline.contents import code_found
from functions_model.pipeline.events import BaseChosen
from functions_model.pipeline.session import Session, World
from functions_model.registry import Record, find_manifest, find_record, pull_base

RECORD_TAG = "functions-model-cache"
"""The tag in the image's own repository that says how the layers of its last image came to be."""
BASE_DIGEST = f"{OCI}.base.digest"

_IMAGE, _CONTEXT = "the image", "the Dockerfile's context"
_IGNORE_FILES = {_IMAGE: "`.amlignore`, or else `.gitignore`", _CONTEXT: "`.dockerignore`"}


@dataclass(frozen=True, slots=True)
class Making:
    """An image in the making: what every later step has at hand.

    Attributes:
        spec: What is deployed.
        session: What the run can reach.
        request: What is asked for below the app.
        python: The version that it runs on.
        base: What it is put on.
        bundle: The app's own layers.
        last_record: How the layers of this repository's last image came to be; None when that is not known.
    """

    spec: DeploymentSpec
    session: Session
    request: EnvironmentRequest
    python: PythonChoice
    base: Base
    bundle: BundlePlan
    last_record: Record | None

    @property
    def world(self) -> World:
        """What the run has around it."""
        return self.session.world


def prepare(spec: DeploymentSpec, request: EnvironmentRequest, session: Session) -> Making:
    """Look at the base image, at the user's files, and at what the registry keeps of the last run. Reads only.

    Raises:
        EnvironmentFailed: The base image has another Python than is asked for.
        BundleFailed: A file cannot go into an image.
        RegistryFailed: The base image cannot be read.
    """
    reference = base_reference(spec, request)
    base = pull_base(session.client_of(reference.registry), reference)
    python = choose_python(spec.python_version, request, base_version=_given_version(spec, base))
    bundle = plan_layers(spec, conda=request.conda is not None, variables=request.variables)
    _tell_left_out(spec, bundle, session.world)
    if spec.code:
        session.world.tell(code_found(spec, spec.code, bundle))
    last = None
    if spec.build.builder is not Builder.DOCKERFILE:
        last = find_record(session.client_of(session.host), spec.image.repository, RECORD_TAG)
    before = last.annotations.get(BASE_DIGEST) if last else None
    session.world.tell(BaseChosen(base, _created(base), Digest(before) if before else None, _newer(base, session)))
    return Making(spec, session, request, python, base, bundle, last)


def _given_version(spec: DeploymentSpec, base: Base) -> str | None:
    """The Python of a base that the user chose: every Functions base image says which its worker was made for."""
    chosen = spec.base_image or spec.build.dockerfile
    return base.config.env.get("FUNCTIONS_WORKER_RUNTIME_VERSION") or None if chosen else None


def base_reference(spec: DeploymentSpec, request: EnvironmentRequest) -> ImageReference:
    """What a Dockerfile of the user's own starts from, the base image that was asked for, or Microsoft's."""
    dockerfile = spec.build.dockerfile
    if dockerfile is None:
        return parse_reference(spec.base_image or base_image_for(choose_python(spec.python_version, request).version))
    own = read_dockerfile(dockerfile)
    try:
        return parse_reference(own.base or "")
    except ValueError as error:
        what = str(error) if own.base else "what its last stage starts from is only known once it is built"
        remedy = "Name the base in `FROM` itself, with its registry's host."
        problem = Problem(what, remedy, "dockerfile", Location(dockerfile, own.stages[-1].line + 1))
        raise InputsInvalid("read the Dockerfile", [problem]) from error


def _created(base: Base) -> datetime | None:
    """When the base says that it was built; builds that leave it open say 1970."""
    try:
        created = datetime.fromisoformat(str(base.config.document.get("created")))
    except ValueError:
        return None
    return created if created.tzinfo and created.year > EPOCH.year else None


def _newer(base: Base, session: Session) -> Digest | None:
    """What the base's tag means now, where the user pinned another digest beside the tag."""
    asked = base.reference
    if not (asked.digest and asked.tag):
        return None
    found = find_manifest(session.client_of(asked.registry), replace(asked, digest=None))
    return found if found != asked.digest else None


def _tell_left_out(spec: DeploymentSpec, bundle: BundlePlan, world: World) -> None:
    """One warning for each file or folder of credentials that stays out, with the ways out.

    Raises:
        InputsInvalid: A Dockerfile of the user's own cannot be read.
    """
    places: defaultdict[LeftOut, list[str]] = defaultdict(list)
    for left in bundle.left_out:
        places[left].append(_IMAGE)
    for left in _left_out_of_context(spec):
        places[left].append(_CONTEXT)
    for left, outside in places.items():
        files = " and ".join(_IGNORE_FILES[place] for place in outside)
        text = (
            f"`{left.place}` stays out of {' and '.join(outside)}: it holds {left.holds}. Delete it, or list it in"
            f" {files}. If the app needs it, `credential-files: keep` packs it; everybody who may pull the image can"
            " then read it."
        )
        world.ci.annotate(Level.WARNING, text, Location(spec.workspace / left.place), minor=True)


def _left_out_of_context(spec: DeploymentSpec) -> Iterator[LeftOut]:
    """Of the folder beside a Dockerfile of the user's own; relative to the workspace."""
    build = spec.build
    if build.builder is Builder.LAYERS or build.dockerfile is None or build.keeps_credentials:
        return
    from functions_model.engine.own_dockerfile import read_own_dockerfile  # noqa: PLC0415 - few runs need an engine

    own = read_own_dockerfile(build.dockerfile, leave_out=build.context)
    folder = PurePosixPath(own.folder.relative_to(spec.workspace))
    for left in own.left_out:
        yield type(left)(folder / left.place, left.holds)
