"""The labels of the image: OCI annotation names where there is one, names of our own otherwise.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions_model import __version__
from functions_model.core.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.ci.facts import Facts
    from functions_model.core.spec import DeploymentSpec
    from functions_model.image.assembly import Base

OCI = "org.opencontainers.image"
OWN = "functions-model"


def image_labels(
    spec: DeploymentSpec,
    lock_text: str,
    source: str,
    *,
    base: Base | None = None,
    model_digests: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Names and values; nothing that differs from one run to the next. The user's own labels win.

    The revision is none of them: with it each commit would be another image, whatever it changed.

    Args:
        spec: What is deployed.
        lock_text: The lock, as it lies in the image.
        source: The address of the repository; may be empty.
        base: The image below, when it is known.
        model_digests: The models' digests, by name, when they are known.
    """
    labels = _of_oci(spec, source, base) | _own(spec, lock_text, model_digests or {})
    return dict(sorted(({name: value for name, value in labels.items() if value} | spec.build.labels).items()))


def _of_oci(spec: DeploymentSpec, source: str, base: Base | None) -> dict[str, str]:
    models, epoch = spec.local_models, spec.build.epoch
    return {
        f"{OCI}.title": spec.image.repository,
        f"{OCI}.version": models[0].version if len(models) == 1 else "",
        f"{OCI}.source": source,
        f"{OCI}.created": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if epoch else "",
        f"{OCI}.base.name": str(replace(base.reference, digest=None)) if base else "",
        f"{OCI}.base.digest": base.digest if base else "",
    }


def _own(spec: DeploymentSpec, lock_text: str, model_digests: Mapping[str, str]) -> dict[str, str]:
    models = spec.local_models
    return {
        f"{OWN}.tool-version": __version__,
        f"{OWN}.models": " ".join(f"{model.name}:{model.version}" for model in models),
        f"{OWN}.model-digests": " ".join(f"{name}@{digest}" for name, digest in model_digests.items()),
        f"{OWN}.registered-models": " ".join(model.origin for model in models if model.origin),
        f"{OWN}.trigger": spec.trigger.kind,
        f"{OWN}.lock": digest_of(lock_text.encode()),
    }


def provenance(facts: Facts) -> dict[str, str]:
    """Annotations that say which commit and which run of a CI host made an image. They go beside it, never into it."""
    found = {f"{OCI}.revision": facts.revision, f"{OCI}.source": facts.source, f"{OWN}.run": facts.run_url}
    return {name: text for name, text in found.items() if text}
