"""The environment variables that the image adds to its base."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from functions_model import __version__
from functions_model.bundle import layout

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec, Model


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
        "SERVICE_PATH_PREFIX": "api",
    }
    if models:
        env["AZUREML_MODEL_DIR"] = f"/{_model_dir(models)}"
    return env


def _model_dir(models: tuple[Model, ...]) -> str:
    return layout.model_folder(models[0]) if len(models) == 1 else layout.MODELS


def _identity(spec: DeploymentSpec) -> dict[str, str]:
    models = [{"name": model.name, "version": model.version} for model in spec.local_models]
    return {
        "FUNCTIONS_MODEL_MODELS": json.dumps(models, separators=(",", ":")),
        "FUNCTIONS_MODEL_TRIGGER": spec.trigger.kind,
        "FUNCTIONS_MODEL_AUTH_LEVEL": spec.auth_level.value,
        "FUNCTIONS_MODEL_TOOL_VERSION": __version__,
    }
