"""From files to an image: dependencies, layers, base, and the one digest that follows from them all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from functions_model.bundle import build_identity, plan_layers
from functions_model.core.digests import short
from functions_model.core.references import ImageReference, parse_reference
from functions_model.environment import base_image_for, choose_python, install, resolve
from functions_model.image.assembly import assemble
from functions_model.image.layers import build_layer
from functions_model.pipeline.events import EnvironmentResolved, ImageBuilt
from functions_model.registry import pull_base

if TYPE_CHECKING:
    from functions_model.bundle import BundlePlan
    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import EnvironmentRequest, PythonChoice
    from functions_model.image.assembly import Base
    from functions_model.image.layers import Layer
    from functions_model.pipeline.checks import Checked
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.session import Session


def build(spec: DeploymentSpec, checked: Checked, session: Session, parts: Parts) -> ImageBuilt:
    """Build the image. Nothing is sent.

    Raises:
        EnvironmentFailed: The dependencies cannot be resolved or installed.
        BundleFailed: A file cannot go into an image.
        RegistryFailed: The base image cannot be read.
    """
    with parts.stage("Build the image"):
        base = _base(spec, checked, session, parts)
        python = choose_python(spec.python_version, checked.request, base_version=_python_of(base))
        bundle = _bundle(spec, checked.request, python, parts)
        return _assemble(spec, session, bundle, _layers(bundle, parts), base)


def _base(spec: DeploymentSpec, checked: Checked, session: Session, parts: Parts) -> Base:
    """The base's manifest and configuration; its layers stay where they are."""
    reference = parse_reference(spec.base_image or base_image_for(checked.python.version))
    return pull_base(session.base_client(reference, parts), reference)


def _python_of(base: Base) -> str | None:
    """The Python minor that the base's worker was made for, as every Functions base image says."""
    return base.config.env.get("FUNCTIONS_WORKER_RUNTIME_VERSION") or None


def _bundle(spec: DeploymentSpec, request: EnvironmentRequest, python: PythonChoice, parts: Parts) -> BundlePlan:
    lock = resolve(request, python.version, work=parts.work / "resolve")
    parts.tell(EnvironmentResolved(request, python, lock))
    dependencies = parts.work / "dependencies"
    install(lock, python.version, dependencies, work=parts.work / "install")
    return plan_layers(spec, dependencies, lock.text, environ=parts.source)


def _layers(bundle: BundlePlan, parts: Parts) -> tuple[Layer, ...]:
    """All layers, two at a time: hashing and compressing release the interpreter's lock."""
    spool = parts.work / "layers"
    spool.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return tuple(pool.map(lambda plan: build_layer(plan, spool), bundle.layers))


def _assemble(
    spec: DeploymentSpec, session: Session, bundle: BundlePlan, layers: tuple[Layer, ...], base: Base
) -> ImageBuilt:
    build_id = build_identity([layer.digest for layer in layers], base.digest, bundle.env)
    image = assemble(
        base,
        layers,
        env={**bundle.env, "FUNCTIONS_MODEL_BUILD_ID": build_id},
        labels=bundle.labels,
    )
    tag = spec.image.tag or short(image.digest)
    reference = ImageReference(session.host, spec.image.repository, tag, image.digest)
    return ImageBuilt(image, reference, build_id, bundle.functions)
