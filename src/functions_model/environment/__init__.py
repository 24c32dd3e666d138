"""The dependencies: read, resolved to a lock, installed for the image's platform."""

from functions_model.environment.installing import Installed, install
from functions_model.environment.locking import CondaLock, CondaPackage, Lock, LockedPackage
from functions_model.environment.mlflow_models import read_mlflow_environment, with_mlflow
from functions_model.environment.pythons import PythonChoice, base_image_for, choose_python
from functions_model.environment.reading import read_environment
from functions_model.environment.request import CondaRequest, EnvironmentRequest, IndexSettings, Requirement
from functions_model.environment.resolving import resolve
from functions_model.environment.uv_process import secrets_in

__all__ = [
    "CondaLock",
    "CondaPackage",
    "CondaRequest",
    "EnvironmentRequest",
    "IndexSettings",
    "Installed",
    "Lock",
    "LockedPackage",
    "PythonChoice",
    "Requirement",
    "base_image_for",
    "choose_python",
    "install",
    "read_environment",
    "read_mlflow_environment",
    "resolve",
    "secrets_in",
    "with_mlflow",
]
