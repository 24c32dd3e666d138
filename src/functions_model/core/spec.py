"""What the user wants, read, checked and completed: the one noun that `inputs` makes and every other room reads."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.secrets import Secret


class Mode(enum.StrEnum):
    """How far a run goes."""

    DEPLOY = "deploy"
    """Build, push, provision and verify."""
    PLAN = "plan"
    """Show what `deploy` would do. Writes nothing anywhere."""
    PACKAGE = "package"
    """Build and push the image; touch nothing else."""


class AuthLevel(enum.StrEnum):
    """Who may call an HTTP-triggered function: the names that function.json uses."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """The function answers HTTP requests at `/api/score`."""

    auth_level: AuthLevel = AuthLevel.FUNCTION
    kind: str = field(default="http", init=False)


Trigger: TypeAlias = HttpTrigger
"""Every trigger there is; the blob and Service Bus queue triggers join this union."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model in the workspace.

    Attributes:
        name: As `AZUREML_MODEL_DIR` and the labels show it.
        version: A positive whole number as text, as Azure ML counts.
        path: The file or folder, absolute.
    """

    name: str
    version: str
    path: Path


@dataclass(frozen=True, slots=True)
class Code:
    """The user's own code.

    Attributes:
        entry_script: The script with `init()` and `run()`, absolute, inside `source_directory`.
        source_directory: The folder that goes into the image, absolute.
        entry_script_input: The entry script as the user wrote it, for messages and annotations.
    """

    entry_script: Path
    source_directory: Path
    entry_script_input: str


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """Where the image goes.

    Attributes:
        registry: Host of the registry, with a port where there is one: `contoso.azurecr.io`.
        repository: The name within the registry: `package`.
        tag: None lets the pipeline derive one from the image's digest.
    """

    registry: str
    repository: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """How to prove who we are to Microsoft Entra ID.

    Attributes:
        tenant_id: A GUID.
        client_id: A GUID.
        client_secret: None means OIDC: the CI host's own identity token is exchanged.
        audience: The audience to ask the CI host's token for.
        cloud: `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or the https URL of an Azure Resource Manager
            that serves `/metadata/endpoints`.
    """

    tenant_id: str
    client_id: str
    client_secret: Secret | None
    audience: str
    cloud: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where in Azure the app lives. Every name is complete: derived ones have been derived.

    Attributes:
        app_settings: The user's own settings, by name. Each value is treated as a secret.
        plan_sku: A plan size such as `EP1`.
        plan_name: The plan's name.
        storage_account: The host storage account's name.
        identity_name: The user-assigned identity's name.
    """

    subscription_id: str
    resource_group: str
    location: str
    app_name: str
    plan_name: str
    plan_sku: str
    storage_account: str
    identity_name: str
    app_settings: dict[str, Secret]


@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """Everything one run needs to know, checked as far as it can be without the network.

    Attributes:
        workspace: The folder that relative inputs were resolved against, absolute. Nothing outside it is read.
        models: In the order given; may be empty only when the entry script needs none.
        environment_file: None means: nothing but the inference server itself.
        python_version: The minor the user asked for (`3.11`); None lets the environment file, then the default, decide.
        base_image: The reference the user asked for; None means the Functions base image for the Python version.
        login: None only in mode `package`, when the registry needs none (a registry without accounts).
        target: None only in mode `package`.
        sample_request: A file whose content is sent to the live function as the last check.
        verify_timeout: Seconds that the app has to come alive.
    """

    mode: Mode
    workspace: Path
    models: tuple[Model, ...]
    code: Code
    environment_file: Path | None
    python_version: str | None
    base_image: str | None
    trigger: Trigger
    image: ImageTarget
    login: Login | None
    target: Target | None
    sample_request: Path | None
    verify_timeout: int
