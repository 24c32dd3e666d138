"""The dependencies: read, resolved to a lock, installed for the image's platform."""

from functions_model.environment.installing import install
from functions_model.environment.locking import Lock
from functions_model.environment.mlflow_models import read_mlflow_environment, with_mlflow
from functions_model.environment.pythons import PythonChoice, base_image_for, choose_python
from functions_model.environment.reading import read_environment
from functions_model.environment.request import EnvironmentRequest
from functions_model.environment.resolving import resolve
from functions_model.environment.torch_builds import with_backend
from functions_model.environment.uv_process import secrets_in

__all__ = [
    "EnvironmentRequest",
    "Lock",
    "PythonChoice",
    "base_image_for",
    "choose_python",
    "install",
    "read_environment",
    "read_mlflow_environment",
    "resolve",
    "secrets_in",
    "with_backend",
    "with_mlflow",
]
