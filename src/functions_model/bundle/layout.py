"""Where everything lies in the image: POSIX paths without a leading slash.

The names below `/var/azureml-app` are Azure ML's own, so that an entry script finds there what it finds on an online
endpoint.
"""

from __future__ import annotations

from functions_model.core.spec import Code, DeploymentSpec, Model

WWWROOT = "home/site/wwwroot"
"""The only script root that App Service knows for containers (it ignores `AzureWebJobsScriptRoot`)."""
SITE_PACKAGES = f"{WWWROOT}/.python_packages/lib/site-packages"
"""The folder that the Python worker puts on its path by itself in Azure."""
CONDA = "opt/conda"
"""Where conda packages lie, when there are some: the prefix that their files are made for."""
PAYLOAD = f"{WWWROOT}/functions_model_payload"
AZUREML = "var/azureml-app"
MODELS_FOLDER = "azureml-models"
MODELS = f"{AZUREML}/{MODELS_FOLDER}"
LOCK = f"{AZUREML}/requirements.lock"
MLFLOW = f"{AZUREML}/mlflow"
"""Where our own entry script for MLflow models lies, when the user brings none."""
MLFLOW_SCRIPT = "mlflow_score.py"


def model_folder(model: Model) -> str:
    """Azure ML's folder of one version of a model."""
    return f"{MODELS}/{model.name}/{model.version}"


def code_folder(spec: DeploymentSpec) -> str:
    """Where the source directory lies: under its own name, as Azure ML has it.

    The workspace itself has no name of its own (checkouts have any), and two names are taken: those become `code`.
    """
    if spec.code is None:
        return MLFLOW
    name = spec.code.source_directory.name
    if spec.code.source_directory == spec.workspace or name in {MODELS_FOLDER, "requirements.lock"}:
        name = "code"
    return f"{AZUREML}/{name}"


def script_within(code: Code | None) -> str:
    """The entry script's path within the code folder, POSIX."""
    if code is None:
        return MLFLOW_SCRIPT
    return code.entry_script.relative_to(code.source_directory).as_posix()
