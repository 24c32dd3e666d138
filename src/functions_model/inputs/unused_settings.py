"""Environment variables that are Azure ML's own, and mean nothing in a function app."""

from __future__ import annotations

from collections.abc import Iterable

from functions_model.inputs.form import Form

_PACKAGES = "`environment-file` names what is installed"
_LIMIT = "`functionTimeout` in `host-json` says how long scoring may take"
OF_THE_SERVER = {
    "AZUREML_CONDA_ENVIRONMENT_PATH": _PACKAGES,
    "AZUREML_EXTRA_PYTHON_LIB_PATH": _PACKAGES,
    "AZUREML_EXTRA_REQUIREMENTS_TXT": _PACKAGES,
    "AZUREML_EXTRA_CONDA_YAML": _PACKAGES,
    "AZUREML_INFERENCE_SERVER_HTTP_ENABLED": "the Functions host takes the requests",
    "WORKER_COUNT": "the app setting `FUNCTIONS_WORKER_PROCESS_COUNT` says how many processes score",
    "WORKER_TIMEOUT": _LIMIT,
    "WORKER_PRELOAD": "each process loads the model itself",
    "SCORING_TIMEOUT_MS": _LIMIT,
}
"""Those that the web server of Azure ML's images reads, and why each has no effect, as a clause."""


def note_unused(form: Form, names: Iterable[str]) -> None:
    """Say of app settings that only Azure ML's own images read that they have no effect; a script may read any."""
    for name in names:
        if reason := OF_THE_SERVER.get(name.upper()):
            form.notes.append(f"The app setting `{name}` has no effect beyond your own script: {reason}.")
