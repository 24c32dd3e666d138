"""What the image says of itself: labels, environment variables, and the text by which a running app tells its build."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from functions_model import __version__
from functions_model.bundle import layout
from functions_model.bundle.deployable import LABEL, PREFIX_VARIABLE, VARIABLE, deployment_label
from functions_model.bundle.host_json import route_prefix
from functions_model.ci.host import Facts
from functions_model.core.references import canonical_json, digest_of, short
from functions_model.core.spec import DeploymentSpec
from functions_model.image.assembly import Base


def build_identity(layer_digests: Iterable[str], base_digest: str, env: Mapping[str, str]) -> str:
    """32 hex digits that follow from what the image holds, and from nothing else: not time, tag or registry.

    The image's own digest cannot serve: the text is part of the image.

    Args:
        layer_digests: Of the layers that are added, in their order.
        base_digest: Of the base image's manifest.
        env: The variables that are added; the build identity's own is left out of account.
    """
    content = {
        "base": base_digest,
        "env": {name: value for name, value in env.items() if name != VARIABLE},
        "layers": list(layer_digests),
    }
    return short(digest_of(canonical_json(content)), 32)


def container_env(spec: DeploymentSpec, *, conda: bool = False) -> dict[str, str]:
    """Names and values. `FUNCTIONS_WORKER_RUNTIME` and its version stay as the base image has them.

    Args:
        spec: What is deployed.
        conda: Whether a conda environment lies in the image, whose Python runs the worker.
    """
    return {**_host(spec), **(_conda() if conda else {}), **_azureml(spec), **_identity(spec)}


def _conda() -> dict[str, str]:
    """The host starts the worker with this Python, and the worker starts others like it by `sys.executable`.

    `PATH` stays the base's: the base's start scripts and the host use it, and must find the base's own `openssl`,
    `curl` and `python`, not those that a conda package happens to bring.
    """
    return {
        "languageWorkers__python__defaultExecutablePath": f"/{layout.CONDA}/bin/python",
        "CONDA_PREFIX": f"/{layout.CONDA}",
    }


def _host(spec: DeploymentSpec) -> dict[str, str]:
    return {
        # App Service looks here whatever this says; plain `docker run` and Container Apps need it.
        "AzureWebJobsScriptRoot": f"/{layout.WWWROOT}",
        # Without it the host's log does not reach the container log.
        "AzureFunctionsJobHost__Logging__Console__IsEnabled": "true",
        # The worker adds this folder by itself only inside App Service.
        "PYTHONPATH": f"/{layout.SITE_PACKAGES}",
        # Else the worker's own protobuf and grpc hide the user's (Python <= 3.12; later workers always isolate).
        "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1",
        # Azure ML's server calls run() for one request at a time; scripts rely on it unless the user says otherwise.
        "PYTHON_THREADPOOL_THREAD_COUNT": str(spec.concurrency),
    }


def _azureml(spec: DeploymentSpec) -> dict[str, str]:
    models = spec.local_models
    env = {
        "AML_APP_ROOT": f"/{layout.code_folder(spec)}",
        "AZUREML_ENTRY_SCRIPT": layout.script_within(spec.code),
        "SERVICE_NAME": models[0].name if models else "model",
        # The inference server writes it before the paths of its swagger.
        PREFIX_VARIABLE: route_prefix(spec),
    }
    if spec.code and spec.code.import_roots:
        env["FUNCTIONS_MODEL_IMPORT_ROOTS"] = ":".join(spec.code.import_roots)
    if models:
        env["AZUREML_MODEL_DIR"] = f"/{layout.model_folder(models[0]) if len(models) == 1 else layout.MODELS}"
    return env


def _identity(spec: DeploymentSpec) -> dict[str, str]:
    models = [{"name": model.name, "version": model.version} for model in spec.local_models]
    return {
        "FUNCTIONS_MODEL_MODELS": json.dumps(models, separators=(",", ":")),
        "FUNCTIONS_MODEL_TRIGGER": spec.trigger.kind,
        "FUNCTIONS_MODEL_AUTH_LEVEL": spec.trigger.auth_level.value,
        "FUNCTIONS_MODEL_TOOL_VERSION": __version__,
    }


OCI = "org.opencontainers.image"
"""https://github.com/opencontainers/image-spec/blob/main/annotations.md."""
OWN = "functions-model"


def image_labels(
    spec: DeploymentSpec,
    lock_text: str,
    source: str,
    build_id: str,
    *,
    base: Base | None = None,
    model_digests: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Names and values; nothing that differs from one run to the next. The user's own labels win over OCI's.

    The revision is none of them: with it each commit would be another image, whatever it changed.

    Args:
        spec: What is deployed.
        lock_text: The lock, as it lies in the image.
        source: The address of the repository; may be empty.
        build_id: The build's identity.
        base: The image below, when it is known.
        model_digests: The models' digests, by name, when they are known.
    """
    own = _own(spec, lock_text, model_digests or {}) | {
        LABEL: deployment_label(spec.trigger, build_id, route_prefix(spec))
    }
    labels = _of_oci(spec, source, base) | own
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
