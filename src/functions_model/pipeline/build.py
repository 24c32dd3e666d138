"""From plans to an image: layers, labels, and the one digest that follows from them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions_model.bundle import build_identity, image_labels
from functions_model.bundle.identity import VARIABLE
from functions_model.bundle.labels import OCI
from functions_model.core.digests import short
from functions_model.core.references import ImageReference
from functions_model.image.assembly import assemble
from functions_model.pipeline.events import ImageBuilt
from functions_model.pipeline.extras import Extras, extras_of
from functions_model.pipeline.layers import make_layers
from functions_model.pipeline.models import model_digests
from functions_model.pipeline.prepare import BASE_DIGEST
from functions_model.pipeline.tag import look_at_tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.digests import Digest
    from functions_model.pipeline.made import Made
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.prepare import Prepared
    from functions_model.registry import Push


@dataclass(frozen=True, slots=True)
class Product:
    """An image, and what goes with it.

    Attributes:
        built: The image.
        extras: What goes beside it.
        present: Blobs that the repository has, as its last image was made of them.
    """

    built: ImageBuilt
    extras: Extras
    present: frozenset[Digest]


def _nothing() -> None:
    """Do nothing."""


def build(making: Making, push: Push | None, resolved: Callable[[], None] = _nothing) -> Product:
    """Build the image and tell it. Its layers may be sent on the way; without the manifest nobody can see them.

    Args:
        making: What the image is made of.
        push: Where layers are sent as they are made; None sends nothing.
        resolved: Called when the dependencies are known: from then on little can be wrong with what the user gave.

    Raises:
        EnvironmentFailed: The dependencies cannot be installed, or the engine cannot build.
        BundleFailed: A file cannot go into an image.
        RegistryFailed: A layer could not be sent.
        PlanRefused: The tag that the user asked for is locked.
    """
    with making.parts.stage("Build the image" if push is None else "Build the image and send its layers"):
        made = make_layers(making, push, resolved)
        product = Product(_assemble(making, made), extras_of(making, made), _present(making.prepared))
    making.parts.tell(product.built)
    look_at_tag(making.spec, product.built, making.session, making.parts)
    return product


def _present(prepared: Prepared) -> frozenset[Digest]:
    """What a record says is there. Should it be wrong, the registry refuses the manifest, and all is looked for."""
    if prepared.last is None:
        return frozenset()
    own = {kept.layer.digest for kept in prepared.last.layers}
    same_base = prepared.last.annotations.get(BASE_DIGEST) == prepared.base.digest
    return frozenset(own | ({layer.digest for layer in prepared.base.manifest.layers} if same_base else set()))


def _assemble(making: Making, made: Made) -> ImageBuilt:
    spec, bundle, base = making.spec, making.prepared.bundle, made.lower.base
    build_id = build_identity([layer.digest for layer in made.layers], base.digest, bundle.env)
    digests = model_digests(spec, made)
    labels = image_labels(spec, made.lock.text, making.parts.ci.facts.source, base=base, model_digests=digests)
    image = assemble(
        base,
        made.layers,
        env={**bundle.env, VARIABLE: build_id},
        labels=labels,
        created=datetime.fromtimestamp(spec.build.epoch, UTC),
        annotations={name: text for name, text in labels.items() if name.startswith(f"{OCI}.")},
    )
    tag = spec.image.tag or short(image.digest)
    reference = ImageReference(making.session.host, spec.image.repository, tag, image.digest)
    return ImageBuilt(image, reference, build_id, bundle.functions)
