"""What an Azure ML online deployment YAML may say that means nothing to a function app, and what does instead.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online
"""

from __future__ import annotations

_PROBE = (
    "the Functions host starts the script again when its process ends, and `verify-timeout` is the time to come alive"
)

USED_KEYS = ("model", "code_configuration", "environment", "environment_variables")
SILENT_KEYS = ("$schema",)
UNUSED_KEYS: dict[str, str] = {
    "name": "`app-name` names the app",
    "endpoint_name": "`app-name` names the app, and its URL follows from it",
    "type": "the app runs on a hosting plan, see `plan-sku`",
    "description": "a function app has none",
    "tags": "they belong to the deployment in Azure ML",
    "properties": "they belong to the deployment in Azure ML",
    "id": "it belongs to the deployment in Azure ML",
    "instance_type": "`plan-sku` chooses the size of the machines",
    "instance_count": "the hosting plan decides how many instances run, see `plan-sku`",
    "resources": "`plan-sku` chooses the size of the machines",
    "scale_settings": "the hosting plan scales, see `plan-sku`",
    "request_settings": "`concurrency` says how many requests are scored at the same time, and `functionTimeout` in"
    " `host-json` how long one may take",
    "liveness_probe": _PROBE,
    "readiness_probe": _PROBE,
    "startup_probe": _PROBE,
    "app_insights_enabled": "the app setting `APPLICATIONINSIGHTS_CONNECTION_STRING` turns Application Insights on",
    "model_mount_path": "the models are where `AZUREML_MODEL_DIR` says",
    "data_collector": "what comes in and goes out is not collected; let the script write it where you want it",
    "egress_public_network_access": "the network of a function app is set up in Azure",
    "private_network_connection": "the network of a function app is set up in Azure",
    "provisioning_state": "it belongs to the deployment in Azure ML",
}
"""Why, by key, as a clause."""

_PLACES = "the image has it at a place of its own and sets this itself"
_PACKAGES = "`environment-file` names what is installed"
UNUSED_VARIABLES: dict[str, str] = {
    "AZUREML_MODEL_DIR": _PLACES,
    "AZUREML_ENTRY_SCRIPT": _PLACES,
    "AML_APP_ROOT": _PLACES,
    "AZUREML_SOURCE_DIRECTORY": _PLACES,
    "AZUREML_CONDA_ENVIRONMENT_PATH": _PACKAGES,
    "AZUREML_EXTRA_PYTHON_LIB_PATH": _PACKAGES,
    "AZUREML_EXTRA_REQUIREMENTS_TXT": _PACKAGES,
    "AZUREML_EXTRA_CONDA_YAML": _PACKAGES,
    "AZUREML_INFERENCE_SERVER_HTTP_ENABLED": "the Functions host takes the requests",
    "WORKER_COUNT": "the app setting `FUNCTIONS_WORKER_PROCESS_COUNT` says how many processes score",
    "WORKER_TIMEOUT": "`functionTimeout` in `host-json` says how long scoring may take",
    "WORKER_PRELOAD": "each process loads the model itself",
}
"""Environment variables that are Azure ML's own, and why each is left out, as a clause."""
MODEL_KEYS = (*("$schema", "name", "version", "path", "type", "description", "tags", "properties", "flavors", "stage"),)
