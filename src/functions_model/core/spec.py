"""What the user wants, read, checked and completed: the one noun that `inputs` makes and every other room reads."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from functions_model.core.build import Build
from functions_model.core.collect import Collect
from functions_model.core.names import Names, Resources
from functions_model.core.registered import RegisteredAsset
from functions_model.core.secrets import Login, Secret


class Mode(enum.StrEnum):
    """How far a run goes."""

    DEPLOY = "deploy"
    """Build, push, provision and verify."""
    PLAN = "plan"
    """Show what `deploy` would do. Writes nothing anywhere."""
    PACKAGE = "package"
    """Build and push the image; touch nothing else."""
    DESTROY = "destroy"
    """Remove the resources that `deploy` has made."""
    PLAN_DESTROY = "plan-destroy"
    """Show what `destroy` would do. Writes nothing anywhere."""


class Access(enum.StrEnum):
    """How the app gets into its registry, its storage and its Service Bus namespace."""

    IDENTITY = "identity"
    """By a managed identity that holds the least roles. No setting of the app is a password."""
    KEYS = "keys"
    """By the registry's password and connection strings in app settings. Takes no right to assign roles."""


class AuthLevel(enum.StrEnum):
    """Who may call an HTTP-triggered function: the names that function.json uses."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """The function answers HTTP requests at `/api/score`, or below another route prefix."""

    auth_level: AuthLevel = AuthLevel.FUNCTION
    kind: str = field(default="http", init=False)


@dataclass(frozen=True, slots=True)
class BlobTrigger:
    """The function scores each new blob and writes the answer into another.

    Attributes:
        input_path: Container and name pattern: `input/{blobname}.json`. See `core.blob_paths`.
        output_path: Where the answer goes: `output/{blobname}_out.json`. None drops it.
    """

    input_path: str
    output_path: str | None
    auth_level: AuthLevel = field(default=AuthLevel.ADMIN, init=False)
    kind: str = field(default="blob", init=False)


@dataclass(frozen=True, slots=True)
class ServiceBusQueueTrigger:
    """The function scores each message of a queue and sends the answer to another.

    Attributes:
        input_queue: A queue's name.
        output_queue: Where the answer goes. None drops it.
    """

    input_queue: str
    output_queue: str | None
    auth_level: AuthLevel = field(default=AuthLevel.ADMIN, init=False)
    kind: str = field(default="service-bus-queue", init=False)


Trigger: TypeAlias = HttpTrigger | BlobTrigger | ServiceBusQueueTrigger
"""Every trigger there is. Its `auth_level` says who may call the app's functions: those beside a blob or queue trigger
answer to the host's master key alone."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, as files on this machine.

    Attributes:
        name: As `AZUREML_MODEL_DIR` and the labels show it.
        version: A positive whole number as text, as Azure ML counts.
        path: The file or folder, absolute.
        origin: ARM id of the registered version that it was downloaded from, outside of the workspace; else empty.
    """

    name: str
    version: str
    path: Path
    origin: str = ""


@dataclass(frozen=True, slots=True)
class InlineEnvironment:
    """A conda or Azure ML environment that stands inside another YAML file.

    Attributes:
        file: The file that it stands in, absolute.
        line: Where it begins there, counted from 1.
        text: The environment itself, as YAML.
    """

    file: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """The user's own code.

    Attributes:
        entry_script: The script with `init()` and `run()`, absolute, inside `source_directory`.
        source_directory: The folder that goes into the image, absolute.
        entry_script_input: The script as the user wrote it, for messages.
        import_roots: Folders where imports are looked for, too, relative to `source_directory`; `..` is the one above.
    """

    entry_script: Path
    source_directory: Path
    entry_script_input: str
    import_roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageTarget:
    """Where the image goes.

    Attributes:
        registry: Its host and port as the inputs say it; Azure knows better: with a domain name label it has a hash.
        repository: The name within the registry: `package`.
        tag: None lets the pipeline derive one from the image's digest.
        registry_name: The registry's name as a resource of Azure: `contoso`; empty for a host that tells none.
        registry_group: Its resource group; empty when not given. `registry_subscription`: one that is not the app's.
        keep: How many images of the repository stay for being new; None removes none.
    """

    registry: str
    repository: str
    tag: str | None = None
    registry_name: str = ""
    registry_group: str = ""
    registry_subscription: str = ""
    keep: int | None = None


WORKER_PROCESSES = "FUNCTIONS_WORKER_PROCESS_COUNT"


@dataclass(frozen=True, slots=True)
class OnPlan:
    """How the app is hosted: on a plan of App Service.

    Attributes:
        sku: A plan size such as `EP1`, for a plan that is created.
        sku_given: The size was asked for, so that a plan of another size is changed to it.
        minimum: The plan's instances that are always there; None leaves them as they are.
        maximum: The most instances of an Elastic Premium plan; None leaves it as it is.
        swap: The candidate changes places with the app once it is verified.
    """

    sku: str
    sku_given: bool = False
    minimum: int | None = None
    maximum: int | None = None
    swap: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where in Azure the app lives.

    Attributes:
        names: With a candidate for the new version, or without one.
        resources: What the resources are called.
        location: The region of what is created.
        hosting: What its host alone needs to know.
        app_settings: The user's own settings, by name. Each value is treated as a secret.
        service_bus_sku: `Basic`, `Standard` or `Premium`, for a namespace that is created.
        access: How the app gets into what it works with.
        given: Inputs that were given, of those that mean nothing for what is there: `service-bus-sku`.
        tags: The user's own, on everything that is made. `collect`: what the app collects; None for nothing.
    """

    names: Names
    resources: Resources
    location: str
    hosting: OnPlan
    app_settings: dict[str, Secret]
    service_bus_sku: str = "Standard"
    access: Access = Access.IDENTITY
    given: frozenset[str] = frozenset()
    tags: dict[str, str] = field(default_factory=dict)
    collect: Collect | None = None


@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """Everything one run needs to know, checked as far as it can be without the network.

    What says what is in the image, and how it is made, has no meaning where an image is deployed that is there.

    Attributes:
        workspace: The folder that relative inputs were resolved against, absolute. Nothing outside it is read.
        login: None only in mode `package`, as `target`: when the registry has no accounts.
        sample_request: A file whose content is sent to the live function as the last check.
        verify_timeout: Seconds that the app has to come alive, and a probe to be answered.
        models: In the order given; may be empty. Registered ones become `Model`s when they have been downloaded.
        code: None: the only model is an MLflow model folder, which needs no entry script.
        environment_file: None: what the MLflow model asks for, or nothing but the inference server itself.
        python_version: The minor the user asked for (`3.11`); None: the environment file's, else the default.
        base_image: The reference the user asked for; None: the Functions base image for the Python version.
        own_files: What runs read and write themselves, absolute: inputs, outputs, report. No part of the image.
        sends_probe: The sample goes through the trigger, too, as a blob or message of ours.
        host_json: The user's own host.json, to be merged over ours.
        concurrency: How many blobs, messages or requests one worker process scores at once.
        notes: What people should know about the inputs: what of a deployment file means nothing here.
        route_prefix: What stands before `/score`; empty for nothing, None for what host.json says.
    """

    mode: Mode
    workspace: Path
    trigger: Trigger
    image: ImageTarget
    login: Login | None
    target: Target | None
    sample_request: Path | None
    verify_timeout: int
    models: tuple[Model | RegisteredAsset, ...] = ()
    code: Code | None = None
    environment_file: Path | InlineEnvironment | RegisteredAsset | None = None
    python_version: str | None = None
    base_image: str | None = None
    host_json: Path | None = None
    concurrency: int = 1
    notes: tuple[str, ...] = ()
    build: Build = field(default_factory=Build)
    sends_probe: bool = False
    own_files: tuple[Path, ...] = ()
    route_prefix: str | None = None

    @property
    def names(self) -> Names | None:
        """Where the deployment is; None in mode `package`."""
        return self.target.names if self.target else None

    @property
    def local_models(self) -> tuple[Model, ...]:
        """The models, when each of them is on this machine.

        Raises:
            TypeError: One has not been downloaded yet: an error of the caller.
        """
        models = tuple(model for model in self.models if isinstance(model, Model))
        if len(models) != len(self.models):
            raise TypeError("a registered model has not been downloaded")
        return models

    @property
    def worker_processes(self) -> int:
        """How many worker processes score, each with a model of its own: what `app-settings` says, else one."""
        settings = self.target.app_settings if self.target else {}
        given = (text.reveal() for name, text in settings.items() if name.upper().replace(".", "_") == WORKER_PROCESSES)
        return int(next(given, "1"))


@dataclass(frozen=True, slots=True)
class RemovalSpec:
    """What `mode: destroy` needs to know: the resources of one deployment. Derived names have been derived.

    Attributes:
        mode: `destroy`, or `plan-destroy`, which removes nothing.
        names: With a candidate, that alone is to go; without one the whole deployment.
        resources: Those of every trigger: some may never have been made. What is in another group stays.
        elsewhere: ARM ids of what the app's identity has roles on in other subscriptions, as far as inputs tell it.
        with_data: Whether what holds data goes, too: storage accounts, namespaces, workspaces.
    """

    mode: Mode
    login: Login
    names: Names
    resources: Resources
    with_data: bool = False
    elsewhere: tuple[str, ...] = ()
