"""The digests of the models in an image, for its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.bundle import model_layer
from functions_model.core.digests import canonical_json, digest_of

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.made import Made


def model_digests(spec: DeploymentSpec, made: Made) -> dict[str, str]:
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
