"""Names of environment variables that belong to this tool, the image or the host, and why."""

from __future__ import annotations

from functions_model.core.spec import WORKER_PROCESSES

_OWNED: tuple[tuple[str, str], ...] = (
    ("AZUREWEBJOBSSTORAGE", "the host's storage is set up by this tool (see `storage-account`)"),
    ("AZUREWEBJOBSSCRIPTROOT", "the image has its functions at a fixed place"),
    ("WEBSITES_ENABLE_APP_SERVICE_STORAGE", "it would hide the image's files behind a shared folder"),
    ("TRIGGERCONNECTIONSTRING", "the trigger's connection is set up by this tool (see `access`)"),
    ("AZUREFUNCTIONSJOBHOST__EXTENSIONS__HTTP__ROUTEPREFIX", "the image has its addresses (see `route-prefix`)"),
    ("FUNCTIONS_", "the Functions runtime's own settings belong to the image"),
    ("DOCKER_", "how the app pulls its image is set up by this tool (see `access`)"),
    ("PYTHONPATH", "it would hide the installed dependencies"),
    ("AZUREML_MODEL_DIR", "it says where the image has the model (see `model-path`)"),
    ("AZUREML_ENTRY_SCRIPT", "it says where the image has the script (see `entry-script`)"),
    ("AML_APP_ROOT", "it says where the image has the script's folder (see `source-directory`)"),
)
"""Beginnings of names that are ours, in upper case, and why. App Service compares names without regard to case."""
_TUNABLE = frozenset({WORKER_PROCESSES, "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"})
"""Settings of the runtime that are the user's to choose: how many processes, how large a request."""


def why_owned(name: str) -> str:
    """Why nobody else may set a variable, as a clause; empty when anybody may.

    Args:
        name: In any case.
    """
    upper = name.upper()
    if upper in _TUNABLE:
        return ""
    return next((reason for start, reason in _OWNED if upper.startswith(start)), "")
