"""A Dockerfile and its context in a folder, for people who build images by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.bundle import build_identity, image_labels, runtime_layer
from functions_model.bundle.identity import VARIABLE
from functions_model.engine import write_context
from functions_model.image.fingerprints import fingerprint
from functions_model.pipeline.engine_part import recipe_of
from functions_model.pipeline.events import ContextWritten
from functions_model.pipeline.lock import lock_for
from functions_model.pipeline.lower_layers import install_layers

if TYPE_CHECKING:
    from functions_model.pipeline.making import Making


def write_folder(making: Making) -> None:
    """Write what `docker build` needs. No engine is asked, and nothing is sent.

    Raises:
        EnvironmentFailed: The dependencies cannot be installed.
        InputsInvalid: The folder holds something else.
        BundleFailed: The files cannot be written.
    """
    spec, prepared, parts = making.spec, making.prepared, making.parts
    if spec.build.context is None:
        message = "builder `dockerfile` needs a folder to write"
        raise TypeError(message)
    with parts.stage("Write the build context"):
        lock = lock_for(making)
        layers = (*install_layers(making, lock), runtime_layer(spec, lock.text), *prepared.bundle.layers)
        # No layer has a digest before the engine has built it; what the layers are made of serves as well.
        build_id = build_identity(map(fingerprint, layers), prepared.base.digest, prepared.bundle.env)
        recipe = replace(
            recipe_of(making, lock),
            env={**prepared.bundle.env, VARIABLE: build_id},
            labels=image_labels(spec, lock.text, parts.ci.facts.source, base=prepared.base),
        )
        own = spec.build.dockerfile
        write_context(recipe, layers, lock.text, spec.build.context, dockerfile=own, indexes=lock.indexes)
        base = str(prepared.base.reference) if own else recipe.base
        # A later step of the job has the workspace elsewhere than this container.
        parts.tell(ContextWritten(spec.build.context.relative_to(spec.workspace), base))
