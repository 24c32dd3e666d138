"""The labels of the image: OCI annotation names where there is one, names of our own otherwise.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model import __version__
from functions_model.core.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.spec import DeploymentSpec

OCI = "org.opencontainers.image"
OWN = "functions-model"


def image_labels(spec: DeploymentSpec, lock_text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Names and values; nothing that changes with time.

    Args:
        spec: What is deployed.
        lock_text: The lock, as it lies in the image.
        environ: The CI host's variables (`GITHUB_REPOSITORY` ...), for source and revision; may be empty.
    """
    models = spec.local_models
    labels = {
        f"{OCI}.title": spec.image.repository,
        f"{OWN}.tool-version": __version__,
        f"{OWN}.models": " ".join(f"{model.name}:{model.version}" for model in models),
        f"{OWN}.registered-models": " ".join(model.origin for model in models if model.origin),
        f"{OWN}.trigger": spec.trigger.kind,
        f"{OWN}.lock": digest_of(lock_text.encode()),
        f"{OCI}.version": models[0].version if len(models) == 1 else "",
        f"{OCI}.source": _source(environ),
        f"{OCI}.revision": environ.get("GITHUB_SHA", ""),
    }
    return {name: value for name, value in sorted(labels.items()) if value}


def _source(environ: Mapping[str, str]) -> str:
    repository = environ.get("GITHUB_REPOSITORY")
    return f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}" if repository else ""
