"""What is registered in Azure Machine Learning, and where."""

from __future__ import annotations

from dataclasses import dataclass


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
