"""Everything about an image that can be known at once: the base, the plans, what came before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from functions_model.bundle import plan_layers
from functions_model.bundle.labels import OCI
from functions_model.core.build import Builder
from functions_model.core.digests import Digest
from functions_model.core.failures import InputsInvalid, Location, Problem
from functions_model.core.references import parse_reference
from functions_model.engine import base_of, line_of_base
from functions_model.environment import base_image_for, choose_python
from functions_model.image.assembly import EPOCH
from functions_model.pipeline.events import BaseChosen
from functions_model.pipeline.left_out import tell_left_out
from functions_model.registry import find_manifest, find_record, pull_base

if TYPE_CHECKING:
    from functions_model.bundle import BundlePlan
    from functions_model.core.references import ImageReference
    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import EnvironmentRequest, PythonChoice
    from functions_model.image.assembly import Base
    from functions_model.pipeline.checks import Checked
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session
    from functions_model.registry import Record

RECORD_TAG = "functions-model-cache"
"""The tag in the image's own repository that says how the layers of its last image came to be."""
BASE_DIGEST = f"{OCI}.base.digest"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What an image will be made of.

    Attributes:
        request: What is asked for below the app.
        python: The version that it runs on.
        base: What it is put on.
        bundle: The app's own layers.
        last: How the layers of this repository's last image came to be; None when that is not known.
    """

    request: EnvironmentRequest
    python: PythonChoice
    base: Base
    bundle: BundlePlan
    last: Record | None


def prepare(spec: DeploymentSpec, checked: Checked, session: Session, parts: Parts) -> Prepared:
    """Look at the base image, at the user's files, and at what the registry keeps of the last run. Reads only.

    Raises:
        EnvironmentFailed: The base image has another Python than is asked for.
        BundleFailed: A file cannot go into an image.
        RegistryFailed: The base image cannot be read.
    """
    base = _base(spec, checked, session, parts)
    python = choose_python(spec.python_version, checked.request, base_version=_python_of(base))
    bundle = plan_layers(spec, conda=checked.request.conda is not None)
    tell_left_out(spec, bundle, parts)
    last = _last(spec, session, parts)
    parts.tell(_chosen(base, last, session, parts))
    return Prepared(checked.request, python, base, bundle, last)


def _base(spec: DeploymentSpec, checked: Checked, session: Session, parts: Parts) -> Base:
    """The base's manifest and configuration; its layers stay where they are."""
    reference = _own_base(spec) or parse_reference(spec.base_image or base_image_for(checked.python.version))
    return pull_base(session.base_client(reference, parts), reference)


def _own_base(spec: DeploymentSpec) -> ImageReference | None:
    """What a Dockerfile of the user's own starts from."""
    if spec.build.dockerfile is None:
        return None
    named = base_of(spec.build.dockerfile)
    try:
        return parse_reference(named or "")
    except ValueError as error:
        what = str(error) if named else "what its last stage starts from is only known once it is built"
        remedy = "Name the base in `FROM` itself, with its registry's host."
        problem = Problem(
            what, remedy, "dockerfile", Location(spec.build.dockerfile, line_of_base(spec.build.dockerfile))
        )
        raise InputsInvalid("read the Dockerfile", [problem]) from error


def _python_of(base: Base) -> str | None:
    """The Python minor that the base's worker was made for, as every Functions base image says."""
    return base.config.env.get("FUNCTIONS_WORKER_RUNTIME_VERSION") or None


def _last(spec: DeploymentSpec, session: Session, parts: Parts) -> Record | None:
    if spec.build.builder is Builder.DOCKERFILE:
        return None
    return find_record(session.registry_client(parts), spec.image.repository, RECORD_TAG)


def _chosen(base: Base, last: Record | None, session: Session, parts: Parts) -> BaseChosen:
    before = last.annotations.get(BASE_DIGEST) if last else None
    return BaseChosen(base, _created(base), Digest(before) if before else None, _newer(base, session, parts))


def _created(base: Base) -> datetime | None:
    """When the base says that it was built; builds that leave it open say 1970."""
    try:
        created = datetime.fromisoformat(str(base.config.document.get("created")))
    except ValueError:
        return None
    return created if created.tzinfo and created.year > EPOCH.year else None


def _newer(base: Base, session: Session, parts: Parts) -> Digest | None:
    """What the base's tag means now, where the user pinned another digest beside the tag."""
    asked = base.reference
    if not (asked.digest and asked.tag):
        return None
    found = find_manifest(session.base_client(asked, parts), replace(asked, digest=None))
    return found if found != asked.digest else None
