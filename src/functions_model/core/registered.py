"""Models and environments as Azure ML and MLflow have them: where they are registered, and what they may say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath


@dataclass(frozen=True, slots=True)
class MachineLearningWorkspace:
    """An Azure ML workspace.

    Attributes:
        subscription_id: A GUID.
        resource_group: The group that it is in.
        name: Its name.
    """

    subscription_id: str
    resource_group: str
    name: str


@dataclass(frozen=True, slots=True)
class RegisteredAsset:
    """A model or an environment in an Azure ML workspace, as `azureml:<name>:<version>` or `azureml:<name>@latest`.

    Attributes:
        name: As it was registered.
        version: As Azure ML has it; None means the latest.
        workspace: Where it is registered.
    """

    name: str
    version: str | None
    workspace: MachineLearningWorkspace

    def __str__(self) -> str:
        """As the user writes it."""
        return f"azureml:{self.name}:{self.version}" if self.version else f"azureml:{self.name}@latest"


ENVIRONMENT_KEYS = (
    *("$schema", "name", "version", "description", "tags", "properties", "image", "conda_file", "build", "os_type"),
    "inference_config",
)
"""What an Azure ML environment may say: https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment."""
ENVIRONMENT_UNUSED = {
    "image": "a function app runs on a Functions base image, see `base-image`. Nothing else of that image is used",
    "inference_config": "the Functions host has its own routes",
}
"""Keys that mean nothing to a function app, and why, as a clause."""
BUILDS = "it builds its own image (`build`), but a function app needs a Functions base image"
"""What is wrong with the key `build`."""
INSTEAD_OF_BUILD = "Name the dependencies with `conda_file`, and a base image of your own in the input `base-image`."
OWN_SERVER = "its image brings a server of its own (`inference_config`), as TensorFlow Serving and TorchServe do"
"""What is wrong with an image alone that says where its server answers:
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container."""
INSTEAD_OF_SERVER = (
    "Write an entry script that loads the model with its library, name it in `entry-script`, and give the packages that"
    " it needs in `environment-file`."
)

MODEL_FILE = "MLmodel"
"""The file that makes a folder an MLflow model."""


def is_mlflow_model(folder: Path) -> bool:
    """Whether it is an MLflow model folder, which needs no entry script: https://mlflow.org/docs/latest/ml/model/."""
    return (folder / MODEL_FILE).is_file()


def place_in_model(path: str) -> PurePosixPath:
    """A path of an `MLmodel`: on Windows MLflow writes it with backslashes."""
    return PurePosixPath(PureWindowsPath(path).as_posix() if "\\" in path else path)
