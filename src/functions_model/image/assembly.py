"""Puts layers on a base: the manifest and the configuration of the new image, and with them its digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from functions_model.core.failures import BundleFailed, Problem
from functions_model.core.references import Digest, ImageReference, canonical_json, digest_of
from functions_model.image.configs import ImageConfig
from functions_model.image.layers import Layer
from functions_model.image.manifests import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_TAR,
    OCI_CONFIG,
    OCI_LAYER_GZIP,
    OCI_LAYER_TAR,
    Descriptor,
    Manifest,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The time that means "not said": the digest must not depend on when an image is built."""
MOST_LAYERS = 127
"""Docker's overlay2 driver: https://docs.docker.com/engine/storage/drivers/overlayfs-driver/."""
LARGEST_MANIFEST = 4 << 20
"""Bytes, Azure Container Registry: https://learn.microsoft.com/azure/container-registry/container-registry-skus."""
LARGEST_LAYER = 200 << 30
"""Bytes, from the same page."""


@dataclass(frozen=True, slots=True)
class Base:
    """The image below ours.

    Attributes:
        reference: As it was asked for.
        digest: Of the manifest for our platform, not of an index above it.
        manifest: For our platform.
        config: Its configuration.
    """

    reference: ImageReference
    digest: Digest
    manifest: Manifest
    config: ImageConfig

    @property
    def pinned(self) -> str:
        """`registry/repository@sha256:...`, the form that never changes its meaning."""
        return replace(self.reference, digest=self.digest).pinned


@dataclass(frozen=True, slots=True)
class Image:
    """An image that could be pushed.

    Attributes:
        digest: Of the manifest.
        manifest: Its bytes.
        config: Its configuration's bytes.
        media_type: The manifest's.
        layers: Ours, without the base's, the lowest first.
        base: What they lie on.
        config_descriptor: The configuration as the manifest names it.
    """

    digest: Digest
    manifest: bytes
    config: bytes
    media_type: str
    layers: tuple[Layer, ...]
    base: Base
    config_descriptor: Descriptor


def assemble(
    base: Base,
    layers: Sequence[Layer],
    *,
    env: Mapping[str, str],
    labels: Mapping[str, str],
    created: datetime | int = EPOCH,
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """The image of a base with our layers on top. It inherits how the base is run; our variables and labels win.

    Args:
        base: Its family of media types is kept, as some registries refuse a mixture.
        layers: The lowest first.
        env: Variables to add or to replace.
        labels: Labels to add or to replace.
        created: Said in the configuration; part of the digest. A number is seconds since 1970.
        annotations: For the manifest; Docker's family has no place for them and goes without.

    Raises:
        BundleFailed: The base contradicts itself, or a limit of registries and engines is passed.
    """
    oci = base.manifest.is_oci
    placed = tuple(replace(layer, media_type=_media_type(layer, oci=oci)) for layer in layers)
    _refuse(_contradictions(base))
    when = created if isinstance(created, datetime) else datetime.fromtimestamp(created, UTC)
    config = _config(base.config, placed, env, labels, when)
    descriptor = Descriptor(OCI_CONFIG if oci else DOCKER_CONFIG, digest_of(config), len(config))
    stack = (*base.manifest.layers, *(layer.descriptor for layer in placed))
    manifest = Manifest(base.manifest.media_type, descriptor, stack, dict(annotations or {}) if oci else {}).as_bytes()
    _refuse(_excesses(stack, manifest))
    return Image(digest_of(manifest), manifest, config, base.manifest.media_type, placed, base, descriptor)


def _media_type(layer: Layer, *, oci: bool) -> str:
    """A layer's media type in the base's family: one from a record may have been made for a base of the other."""
    if layer.media_type in {OCI_LAYER_TAR, DOCKER_LAYER_TAR}:
        return OCI_LAYER_TAR if oci else DOCKER_LAYER_TAR
    return OCI_LAYER_GZIP if oci else DOCKER_LAYER_GZIP


def _config(
    base: ImageConfig, layers: Sequence[Layer], env: Mapping[str, str], labels: Mapping[str, str], created: datetime
) -> bytes:
    when = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # `container` and `container_config` tell of the container that the base was committed from.
    document = {key: value for key, value in base.document.items() if key not in {"container", "container_config"}}
    run = base.run
    # The base's order, then our new variables by name.
    run["Env"] = [f"{key}={value}" for key, value in {**base.env, **dict(sorted(env.items()))}.items()]
    if labels or base.labels:
        run["Labels"] = {**base.labels, **labels}
    document["config"] = run
    document["created"] = when
    document["rootfs"] = {"type": "layers", "diff_ids": [*base.diff_ids, *(layer.diff_id for layer in layers)]}
    ours = ({"created": when, "created_by": f"functions-model: {layer.name}"} for layer in layers)
    document["history"] = [*_full_history(base), *ours]
    return canonical_json(document)


def _full_history(base: ImageConfig) -> Iterator[dict[str, Any]]:
    """The base's history; builders may leave it out, and then ours would be read as that of the base's layers."""
    yield from base.history
    for _ in range(len(base.diff_ids) - _told(base)):
        yield {"comment": "a layer of the base image"}


def _told(base: ImageConfig) -> int:
    return sum(not entry.get("empty_layer") for entry in base.history)


def _contradictions(base: Base) -> Iterator[Problem]:
    layers, diff_ids, told = len(base.manifest.layers), len(base.config.diff_ids), _told(base.config)
    subject, remedy = str(base.reference), "Use another base image, or build this one again."
    if layers != diff_ids:
        yield Problem(f"its manifest has {layers} layers and its configuration lists {diff_ids}", remedy, subject)
    elif told > diff_ids:
        yield Problem(f"its history lists {told} layers and there are {diff_ids}", remedy, subject)


def _excesses(stack: Sequence[Descriptor], manifest: bytes) -> Iterator[Problem]:
    if len(stack) > MOST_LAYERS:
        what = f"it would have {len(stack)} layers, and container engines allow {MOST_LAYERS}"
        yield Problem(what, "Use a base image with fewer layers.", "image")
    if len(manifest) > LARGEST_MANIFEST:
        what = f"its manifest would have {len(manifest)} bytes, and registries allow {LARGEST_MANIFEST}"
        yield Problem(what, "Use fewer layers or shorter annotations.", "image")
    for layer in stack:
        if layer.size > LARGEST_LAYER:
            what = f"the layer {layer.digest} has {layer.size} bytes, and registries allow {LARGEST_LAYER}"
            yield Problem(what, "Split the model into several, so that each gets its own layer.", "image")


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise BundleFailed("assemble the image", found)
