"""What a container engine adds to the base: system packages, a Dockerfile of the user's own, compiled packages."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.core.build import Builder
from functions_model.core.digests import canonical_json, short
from functions_model.engine import Recipe, engine_layers_key
from functions_model.image.manifests import parse_config
from functions_model.pipeline.events import EngineRan
from functions_model.pipeline.recorded_parts import Part, find_part
from functions_model.registry.access import Access
from functions_model.registry.content import BLOCK, download_blob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.engine.loading import BaseLayers
    from functions_model.environment import Lock
    from functions_model.image.assembly import Base
    from functions_model.image.manifests import Descriptor
    from functions_model.pipeline.making import Making


def recipe_of(making: Making, lock: Lock) -> Recipe:
    """What an engine is asked to make."""
    spec, prepared = making.spec, making.prepared
    base = replace(prepared.base.reference, digest=prepared.base.digest)
    return Recipe(
        base=base.pinned,
        apt_packages=spec.build.apt_packages,
        python_version=prepared.python.version,
        env=prepared.bundle.env,
        compiled=lock.compiled,
        user=str(prepared.base.config.run.get("User") or ""),
        keep_credentials=spec.build.keeps_credentials,
    )


def engine_part(making: Making, lock: Lock) -> tuple[Base, tuple[Part, ...]]:
    """The base as the app gets it, and the layers that an engine put on it; none with builder `layers`.

    Raises:
        EnvironmentFailed: No engine answers, or it could not build.
        InputsInvalid: The user's Dockerfile cannot be read.
    """
    build, prepared, parts, recipe = making.spec.build, making.prepared, making.parts, recipe_of(making, lock)
    if build.builder is not Builder.DOCKER or not (build.dockerfile or build.apt_packages or recipe.compiled):
        return prepared.base, ()
    key = engine_layers_key(recipe, prepared.base, lock.text, build.dockerfile)
    if part := find_part(key, making, configured=True):
        return _configured(prepared.base, part), (part,)
    from functions_model.engine.engine_layers import build_engine_layers  # noqa: PLC0415 - few runs need an engine

    started = time.monotonic()
    built = build_engine_layers(
        recipe,
        prepared.base,
        lock.text,
        dockerfile=build.dockerfile,
        work=parts.work / "engine",
        log=parts.ci.info,
        blobs=_blobs(making),
        indexes=lock.indexes,
        epoch=build.epoch,
    )
    part = Part(key, built.layers, canonical_json(dict(built.base.config.document)))
    size = sum(layer.size for layer in built.layers)
    source = (
        str(build.dockerfile.relative_to(making.spec.workspace)) if build.dockerfile else str(prepared.base.reference)
    )
    parts.tell(EngineRan(source, build.apt_packages, len(built.layers), size, time.monotonic() - started))
    return built.base, (part,)


def _configured(base: Base, part: Part) -> Base:
    """The base with the configuration that an engine gave it, and as many of its layers as that speaks of."""
    config = parse_config(part.config)
    manifest = replace(base.manifest, layers=base.manifest.layers[: len(config.diff_ids)])
    return replace(base, manifest=manifest, config=config)


def _blobs(making: Making) -> BaseLayers:
    """The base's blobs, each fetched whole before the engine gets it: a broken transfer can then begin anew."""
    reference, parts = making.prepared.base.reference, making.parts
    client = making.session.base_client(reference, parts)

    @contextmanager
    def opened(descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        file = parts.work / "base" / short(descriptor.digest, 64)
        download_blob(client, Access(reference.repository), descriptor.digest, file)
        try:
            with file.open("rb") as stream:
                yield iter(lambda: stream.read(BLOCK), b"")
        finally:
            file.unlink()

    return opened
