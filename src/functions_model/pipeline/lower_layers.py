"""What lies below the app: what an engine adds to the base, and the dependencies. Found in a record, or made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from functions_model.bundle import DEPENDENCIES_LAYOUT, dependency_layers
from functions_model.core.build import Builder, Preflight
from functions_model.core.references import canonical_json, digest_of, short
from functions_model.engine import Recipe, engine_layers_key
from functions_model.environment import Lock, install
from functions_model.image.assembly import Base
from functions_model.image.configs import parse_config
from functions_model.image.layers import LayerPlan
from functions_model.image.manifests import Descriptor
from functions_model.pipeline.byte_code import Begin, ByteCode, Compiler, byte_code_of
from functions_model.pipeline.early_lock import resolved
from functions_model.pipeline.events import EngineRan, EnvironmentResolved
from functions_model.pipeline.parts import Part, find_part
from functions_model.pipeline.prepare import Making
from functions_model.preflight.inventory import INVENTORY_TYPE, Inventory
from functions_model.preflight.taking import take_inventory
from functions_model.registry.access import Access
from functions_model.registry.content import BLOCK, download_blob

if TYPE_CHECKING:
    from functions_model.engine.loading import BaseLayers


@dataclass(frozen=True, slots=True)
class Lower:
    """What lies below the app.

    Attributes:
        base: The base; with another configuration where an engine added to it.
        dependencies: What is installed.
        parts: What lies on the base, the lowest first: what an engine added, the dependencies, their byte code.
        lacking: What the image's record says of byte code that was wanted, and that there is none of.
    """

    base: Base
    dependencies: Part
    parts: tuple[Part, ...]
    lacking: str = ""


def lock_for(making: Making) -> Lock:
    """From what is asked for to what will be installed, down to the hash of each file.

    Raises:
        EnvironmentFailed: The dependencies cannot be resolved.
    """
    world, request, version = making.world, making.request, making.python.version
    early = making.session.early
    lock = early.lock(request, version) if early else None
    lock = lock or resolved(making.spec, request, version, world.work, world.report)
    world.tell(EnvironmentResolved(lock.request, making.python, lock))
    return lock


def make_lower_layers(lock: Lock, compiler: Compiler, begin: Begin, known: Callable[[Inventory], None]) -> Lower:
    """What an engine adds, and the dependencies: what an earlier run made of the same, or made now.

    Args:
        lock: The dependencies.
        compiler: What makes byte code of them; and of which image.
        begin: Begins to pack plans, side by side.
        known: Takes what the dependencies bring, as soon as that is known.

    Raises:
        PreflightFailed: From `known`.
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says; or no engine answers, or it could
            not build.
        InputsInvalid: The user's Dockerfile cannot be read.
    """
    base, engine = _engine_part(compiler.making, lock)
    dependencies, byte_code, compiled = _dependencies(lock, compiler, begin, known)
    parts = (*engine, dependencies, *([compiled] if compiled else []))
    return Lower(base, dependencies, parts, "" if compiled else byte_code.lacking)


def _dependencies(
    lock: Lock, compiler: Compiler, begin: Begin, known: Callable[[Inventory], None]
) -> tuple[Part, ByteCode, Part | None]:
    """The dependencies and their byte code, each found again or made.

    What is installed is packed, and sent, while it is looked at and compiled; what compiles is fetched meanwhile.
    Dependencies that are found without byte code are installed to make it: the same inputs are to give the same image,
    whatever was there before.
    """
    making = compiler.making
    key = _dependencies_key(making, lock)
    found, byte_code = find_part(key, making), byte_code_of(compiler, key)
    inventory = found.inventory if found else None
    if found and (inventory or making.spec.build.preflight is Preflight.NONE):
        making_it = byte_code.made(partial(install_layers, making, lock))
        known(inventory or Inventory())
        return found, byte_code, byte_code.part(making_it.result(), begin)
    plans = install_layers(making, lock)
    packing, making_it = begin(plans), byte_code.made(lambda: plans)
    inventory = take_inventory((plan.tree for plan in plans), lock, making.python.version)
    known(inventory)
    compiled = byte_code.part(making_it.result(), begin)
    layers = tuple(future.result().layer for future in packing)
    return Part(key, layers, inventory.as_bytes(), INVENTORY_TYPE), byte_code, compiled


def install_layers(making: Making, lock: Lock) -> tuple[LayerPlan, ...]:
    """Install the dependencies, and plan the layers that hold them.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says.
    """
    world = making.world
    target, work = world.work / "dependencies", world.work / "install"
    installed = install(lock, making.python.version, target, work=work, report=world.report)
    for warning in installed.warnings:
        world.ci.info(f"Note: {warning}")
    return dependency_layers(making.spec, installed.site_packages, installed.conda)


def _dependencies_key(making: Making, lock: Lock) -> str:
    # What an engine compiles is no part of these layers; conda's packages are, and stand in the whole lock only.
    wheels = digest_of(lock.wheels_text.encode()) if lock.compiled and lock.conda is None else lock.digest
    facts = {
        "epoch": making.spec.build.epoch,
        "lock": wheels,
        "python": making.python.version,
        "layout": DEPENDENCIES_LAYOUT,
    }
    return short(digest_of(canonical_json(facts)), 32)


def recipe_of(making: Making, lock: Lock) -> Recipe:
    """What an engine is asked to make."""
    build, base = making.spec.build, making.base
    return Recipe(
        base=base.pinned,
        apt_packages=build.apt_packages,
        python_version=making.python.version,
        env=making.bundle.env,
        compiled=lock.compiled,
        user=str(base.config.run.get("User") or ""),
        keep_credentials=build.keeps_credentials,
    )


def _engine_part(making: Making, lock: Lock) -> tuple[Base, tuple[Part, ...]]:
    """The base as the app gets it, and the layers that an engine put on it; none with builder `layers`.

    An engine adds system packages, what a Dockerfile of the user's own says, and packages that must be compiled.
    """
    build, base, world, recipe = making.spec.build, making.base, making.world, recipe_of(making, lock)
    if build.builder is not Builder.DOCKER or not (build.dockerfile or build.apt_packages or recipe.compiled):
        return base, ()
    key = engine_layers_key(recipe, base, lock.text, build.dockerfile)
    if part := find_part(key, making, configured=True):
        return _configured(base, part), (part,)
    from functions_model.engine.engine_layers import build_engine_layers  # noqa: PLC0415 - few runs need an engine

    started = time.monotonic()
    built = build_engine_layers(
        recipe,
        base,
        lock.text,
        dockerfile=build.dockerfile,
        work=world.work / "engine",
        log=world.ci.info,
        blobs=_base_blobs(making),
        indexes=lock.indexes,
        epoch=build.epoch,
        where=lock.request.where,
    )
    size = sum(layer.size for layer in built.layers)
    source = str(build.dockerfile.relative_to(making.spec.workspace) if build.dockerfile else base.reference)
    world.tell(EngineRan(source, build.apt_packages, len(built.layers), size, time.monotonic() - started))
    return built.base, (Part(key, built.layers, canonical_json(dict(built.base.config.document))),)


def _configured(base: Base, part: Part) -> Base:
    """The base with the configuration that an engine gave it, and as many of its layers as that speaks of."""
    config = parse_config(part.config)
    manifest = replace(base.manifest, layers=base.manifest.layers[: len(config.diff_ids)])
    return replace(base, manifest=manifest, config=config)


def _base_blobs(making: Making) -> BaseLayers:
    """Each fetched whole before the engine gets it: a broken transfer can then begin anew."""
    reference = making.base.reference
    client = making.session.client_of(reference.registry)

    @contextmanager
    def opened(descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        file = making.world.work / "base" / short(descriptor.digest, 64)
        download_blob(client, Access(reference.repository), descriptor.digest, file)
        try:
            with file.open("rb") as stream:
                yield iter(lambda: stream.read(BLOCK), b"")
        finally:
            file.unlink()

    return opened
