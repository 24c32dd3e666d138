"""From plans to an image: layers, labels, and the one digest that follows from them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from functions_model import __version__
from functions_model.bundle import build_identity, image_labels, model_layer, route_prefix, runtime_layer
from functions_model.bundle.deployable import VARIABLE, AppImage
from functions_model.bundle.labels import OCI
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.references import Digest, ImageReference, canonical_json, digest_of, short
from functions_model.core.spec import DeploymentSpec
from functions_model.engine import write_context
from functions_model.image.assembly import assemble
from functions_model.image.splitting import fingerprint
from functions_model.pipeline.byte_code import IN_VAIN, compiler_for
from functions_model.pipeline.events import ContextWritten, ImageBuilt, TagFound
from functions_model.pipeline.layers import Beside, Made, make_layers
from functions_model.pipeline.looking import libraries_of, look_at_all
from functions_model.pipeline.lower_layers import install_layers, lock_for, recipe_of
from functions_model.pipeline.prepare import BASE_DIGEST, RECORD_TAG, Making
from functions_model.preflight.taking import take_inventory
from functions_model.registry import Attachment, Push, Record, RecordToWrite

_TOOL = "functions-model.tool-version"


@dataclass(frozen=True, slots=True)
class Product:
    """An image, and what goes with it.

    Attributes:
        built: The image.
        attachments: What is attached to it.
        records: What is kept for the next runs, below tags of their own.
        present: Blobs that the repository has, as its last image was made of them.
    """

    built: ImageBuilt
    attachments: tuple[Attachment, ...]
    records: tuple[RecordToWrite, ...]
    present: frozenset[Digest]


def build(making: Making, push: Push | None, beside: Beside | None = None) -> Product:
    """Build the image and tell it. Its layers may be sent on the way; without the manifest nobody can see them.

    Args:
        making: What the image is made of.
        push: Where layers are sent as they are made; None sends nothing.
        beside: What goes on beside it.

    Raises:
        PreflightFailed: The app would fail in Azure.
        EnvironmentFailed: The dependencies cannot be installed, or the engine cannot build.
        BundleFailed: A file cannot go into an image.
        RegistryFailed: A layer could not be sent.
        PlanRefused: The tag that the user asked for is locked.
    """
    with making.world.stage("Build the image" if push is None else "Build the image and send its layers"):
        made = make_layers(making, push, beside or Beside())
        built = _assemble(making, made)
        product = Product(built, made.attachments, tuple(_records(making.spec, made)), _present(making))
    making.world.tell(built)
    _look_at_tag(making, built)
    return product


def _assemble(making: Making, made: Made) -> ImageBuilt:
    spec, bundle, base = making.spec, making.bundle, made.lower.base
    layers = [recorded.layer for recorded in made.recorded]
    build_id = build_identity([layer.digest for layer in layers], base.digest, bundle.env)
    digests, source = _model_digests(spec, made), making.world.ci.facts.source
    labels = image_labels(spec, made.lock.text, source, build_id, base=base, model_digests=digests)
    image = assemble(
        base,
        layers,
        env={**bundle.env, VARIABLE: build_id},
        labels=labels,
        created=datetime.fromtimestamp(spec.build.epoch, UTC),
        annotations={name: text for name, text in labels.items() if name.startswith(f"{OCI}.")},
    )
    tag = spec.image.tag or short(image.digest)
    reference = ImageReference(making.session.host, spec.image.repository, tag, image.digest)
    return ImageBuilt(image, AppImage(reference, build_id, bundle.functions, spec.trigger, route_prefix(spec)))


def _model_digests(spec: DeploymentSpec, made: Made) -> dict[str, str]:
    """By model name: the digest of its layer's plain tar, or, for a model of several layers, of the list of them."""
    digests: dict[str, str] = {}
    for model in spec.local_models:
        name = model_layer(spec, model)
        parts = [
            kept.layer.diff_id for kept in made.app if kept.layer.name == name or kept.layer.name.startswith(f"{name} ")
        ]
        if parts:
            digests[f"{model.name}:{model.version}"] = parts[0] if len(parts) == 1 else digest_of(canonical_json(parts))
    return digests


def _records(spec: DeploymentSpec, made: Made) -> Iterator[RecordToWrite]:
    """The lower layers for all images of the registry, where they are new; and all of this image's layers."""
    tool, cache = {_TOOL: __version__}, spec.build.cache_repository
    if cache:
        yield from (part.record(cache, tool) for part in made.lower.parts if not part.recorded)
    dependencies = made.lower.dependencies
    more = tool | {BASE_DIGEST: str(made.lower.base.digest)}
    if made.lower.lacking:
        more |= {IN_VAIN: made.lower.lacking}
    yield from made.records
    record = Record(made.recorded, more, dependencies.config, dependencies.config_type)
    yield RecordToWrite(spec.image.repository, RECORD_TAG, record)


def _present(making: Making) -> frozenset[Digest]:
    """What a record says is there. Should it be wrong, the registry refuses the manifest, and all is looked for."""
    last, base = making.last_record, making.base
    if last is None:
        return frozenset()
    own = {kept.layer.digest for kept in last.layers}
    same_base = last.annotations.get(BASE_DIGEST) == base.digest
    return frozenset(own | ({layer.digest for layer in base.manifest.layers} if same_base else set()))


def _look_at_tag(making: Making, built: ImageBuilt) -> None:
    """Tell when a tag of the user's own is about to move. A tag that follows from the digest never does.

    Raises:
        PlanRefused: The tag is locked and points to another image: better known now than after the upload.
        RegistryFailed: The registry does not say.
    """
    tag, repository = making.spec.image.tag, built.app.reference.repository
    if tag is None or (acr := making.session.acr()) is None:
        return
    from functions_model.registry.tags import find_tag  # noqa: PLC0415 - the SDK costs every run 50 ms

    found = find_tag(acr, repository, tag)
    if found is None or found.digest == built.app.reference.digest:
        return
    if found.locked:
        what = f"the tag `{tag}` of `{repository}` is locked in the registry and points to another image"
        raise PlanRefused("move the tag", [Problem(what, "Give another `image-tag`, or unlock it.", "image-tag")])
    making.world.tell(TagFound(tag, found.digest))


def write_folder(making: Making) -> None:
    """Write what `docker build` needs, for people who build images by themselves: a Dockerfile and its context.

    No engine is asked, and nothing is sent.

    Raises:
        EnvironmentFailed: The dependencies cannot be installed.
        PreflightFailed: The app would fail in Azure.
        InputsInvalid: The folder holds something else.
        BundleFailed: The files cannot be written.
    """
    spec, bundle, world = making.spec, making.bundle, making.world
    if spec.build.context is None:
        raise TypeError("builder `dockerfile` needs a folder to write")
    with world.stage("Write the build context"):
        with compiler_for(making) as compiler:
            lock = lock_for(making)
            installed = install_layers(making, lock)
            compiling = compiler.compiled("", lambda: installed)
            inventory = take_inventory((plan.tree for plan in installed), lock, making.python.version)
            look_at_all(making, inventory, libraries_of(making, keeps=False))
            compiled = compiling.result()
        lower = (*installed, compiled) if compiled else installed
        layers = (*lower, runtime_layer(spec, lock.text), *bundle.layers)
        # No layer has a digest before the engine has built it; what the layers are made of serves as well.
        build_id = build_identity(map(fingerprint, layers), making.base.digest, bundle.env)
        recipe = replace(
            recipe_of(making, lock),
            env={**bundle.env, VARIABLE: build_id},
            labels=image_labels(spec, lock.text, world.ci.facts.source, build_id, base=making.base),
        )
        own = spec.build.dockerfile
        where, root = spec.build.context, spec.workspace
        write_context(recipe, layers, lock.text, where, dockerfile=own, indexes=lock.indexes, root=root)
        base = str(making.base.reference) if own else recipe.base
        # A later step of the job has the workspace elsewhere than this container.
        world.tell(ContextWritten(spec.build.context.relative_to(spec.workspace), base))
