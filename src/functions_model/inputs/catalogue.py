"""The one list of inputs and outputs. `action.yml`, the README's tables, `--help` and the checks all follow it."""

from __future__ import annotations

from functions_model.core.access import Access
from functions_model.core.spec import AuthLevel, Mode
from functions_model.inputs import building, hosting, proving
from functions_model.inputs.specs import (
    BLOB,
    EVERY_MODE,
    HTTP,
    NAMING,
    QUEUE,
    REMOVING,
    SERVICE_BUS_SKUS,
    TRIGGERS,
    WITH_AZURE,
    InputKind,
    InputSpec,
    OutputSpec,
)

CATALOGUE: tuple[InputSpec, ...] = (
    InputSpec(
        "mode",
        InputKind.CHOICE,
        "How far to go: `deploy` does everything, `plan` shows what would change, `package` only makes the image."
        " `destroy` removes the resources that `deploy` has made, `plan-destroy` shows which.",
        default="deploy",
        choices=tuple(Mode),
        modes=EVERY_MODE,
    ),
    InputSpec(
        "deployment-file",
        InputKind.PATH,
        "An Azure ML online deployment YAML. What it says stands for the inputs that are not given: model, script,"
        " environment and settings.",
    ),
    InputSpec(
        "model-path",
        InputKind.LINES,
        "The model: a file or a folder in the workspace, or a registered one as `azureml:<name>:<version>` or"
        " `azureml:<name>@latest`. For several, one on each line, also as `name=path` or `name:version=path`. `[]` for"
        " none.",
        required_when="without `deployment-file`",
    ),
    InputSpec(
        "model-name",
        InputKind.NAME,
        "The model's name, part of the path in `AZUREML_MODEL_DIR`, for one path alone.",
        derived="the file's or folder's name, without its ending",
    ),
    InputSpec(
        "model-version",
        InputKind.NUMBER,
        "The model's version, 1 or more, for one path alone.",
        derived="`1`",
    ),
    InputSpec(
        "entry-script",
        InputKind.PATH,
        "The Python script with `init()` and `run()`, as Azure ML takes it. An MLflow model alone needs none.",
        required_when="without `deployment-file` or an MLflow model",
    ),
    InputSpec(
        "source-directory",
        InputKind.PATH,
        "The folder with the entry script and everything that it imports.",
        derived="the entry script's folder",
    ),
    InputSpec(
        "environment-file",
        InputKind.PATH,
        "The dependencies: a `requirements.txt`, a conda YAML, an Azure ML environment YAML, or a registered"
        " environment as `azureml:<name>:<version>` or `azureml:<name>@latest`.",
        derived="what an MLflow model asks for, and the inference server",
    ),
    InputSpec(
        "python-version",
        InputKind.TEXT,
        "The Python version, 3.10 to 3.14. Put it in quotes in YAML.",
        derived="the environment file's, else 3.12",
    ),
    InputSpec(
        "base-image",
        InputKind.TEXT,
        "The Functions base image to build on, with its registry's host.",
        derived="Microsoft's image for the Python version",
    ),
    *building.ENTRIES,
    InputSpec(
        "host-json",
        InputKind.PATH,
        "A `host.json` of your own. It is merged over the one that is written for scoring.",
        derived="the source directory's `host.json`, if there is one",
    ),
    InputSpec(
        "concurrency",
        InputKind.NUMBER,
        "How many requests, blobs or messages one worker process scores at the same time. More than 1 needs a `run()`"
        " that several threads may call at once, and pays off when it waits rather than computes.",
        default="1",
    ),
    InputSpec("trigger", InputKind.CHOICE, "What starts the function.", default=HTTP, choices=TRIGGERS),
    InputSpec(
        "auth-level",
        InputKind.CHOICE,
        "Who may call the function: everybody, holders of its key, or holders of the host's master key.",
        derived="`function`",
        choices=tuple(AuthLevel),
        triggers=(HTTP,),
    ),
    InputSpec(
        "input-path",
        InputKind.TEXT,
        "The blobs to score: container and name, with names in braces for what varies: `input/{blobname}.json`.",
        triggers=(BLOB,),
        required_when="with `trigger: blob`",
    ),
    InputSpec(
        "output-path",
        InputKind.TEXT,
        "The blob that takes the answer: `output/{blobname}_out.json`. Without it, answers are dropped.",
        triggers=(BLOB,),
    ),
    InputSpec(
        "data-storage-account",
        InputKind.NAME,
        "The storage account with the containers of `input-path` and `output-path`. It is created when it does not"
        " exist. One of another resource group: `<resource-group>/<name>`, or its ARM id.",
        modes=NAMING,
        derived="the app's name, `data` and a hash",
        triggers=(BLOB,),
    ),
    InputSpec(
        "input-queue-name",
        InputKind.NAME,
        "The queue with the messages to score.",
        triggers=(QUEUE,),
        required_when="with `trigger: service-bus-queue`",
    ),
    InputSpec(
        "output-queue-name",
        InputKind.NAME,
        "The queue that takes the answers. Without it, answers are dropped.",
        triggers=(QUEUE,),
    ),
    InputSpec(
        "service-bus-namespace",
        InputKind.NAME,
        "The Service Bus namespace with the queues. It is created when it does not exist. One of another resource"
        " group: `<resource-group>/<name>`, or its ARM id.",
        modes=NAMING,
        derived="`<app-name>-bus-` and a hash",
        triggers=(QUEUE,),
    ),
    InputSpec(
        "service-bus-sku",
        InputKind.CHOICE,
        "The size of a Service Bus namespace that is created.",
        modes=WITH_AZURE,
        derived="`Standard`",
        choices=SERVICE_BUS_SKUS,
        triggers=(QUEUE,),
    ),
    InputSpec("image-name", InputKind.NAME, "The image's name in the registry (its repository).", default="package"),
    InputSpec("image-tag", InputKind.NAME, "The image's tag.", derived="the start of the image's digest"),
    InputSpec(
        "registry",
        InputKind.NAME,
        "The container registry: `contoso`, `contoso.azurecr.io`, `<resource-group>/contoso` or its ARM id; to make the"
        " image only, any other as `host:port`.",
        required_when="except with `builder: dockerfile`",
    ),
    InputSpec("subscription-id", InputKind.GUID, "The Azure subscription.", required=True, modes=NAMING),
    InputSpec(
        "tenant-id",
        InputKind.GUID,
        "The Microsoft Entra tenant. Mode `package` needs it for a registry of Azure only.",
        required=True,
        modes=EVERY_MODE,
    ),
    InputSpec(
        "client-id",
        InputKind.GUID,
        "The application or identity to log in as. Mode `package` needs it for a registry of Azure only.",
        required=True,
        modes=EVERY_MODE,
    ),
    InputSpec(
        "client-secret",
        InputKind.TEXT,
        "The application's secret. Leave it out to log in with the CI host's own identity token (OIDC).",
        secret=True,
        modes=EVERY_MODE,
    ),
    InputSpec(
        "audience",
        InputKind.TEXT,
        "The audience of the CI host's identity token.",
        derived="`api://AzureADTokenExchange`, or the cloud's own",
        modes=EVERY_MODE,
    ),
    InputSpec(
        "cloud",
        InputKind.TEXT,
        "`AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or the https URL of an Azure Resource Manager.",
        default="AzureCloud",
        modes=EVERY_MODE,
    ),
    InputSpec(
        "resource-group",
        InputKind.NAME,
        "The resource group. It is created when it does not exist.",
        required=True,
        modes=NAMING,
    ),
    InputSpec(
        "workspace",
        InputKind.NAME,
        "The Azure ML workspace of registered models and environments: its name, or its whole ARM id.",
        required_when="with `azureml:` in `model-path` or `environment-file`",
    ),
    InputSpec(
        "workspace-resource-group",
        InputKind.NAME,
        "The resource group of the Azure ML workspace.",
        derived="`resource-group`",
    ),
    InputSpec("location", InputKind.NAME, "The Azure region: `westeurope`.", required=True, modes=WITH_AZURE),
    InputSpec(
        "app-name",
        InputKind.NAME,
        "The function app's name, unique in all of Azure: it becomes part of the URL.",
        required=True,
        modes=NAMING,
    ),
    *hosting.ENTRIES,
    InputSpec(
        "access",
        InputKind.CHOICE,
        "How the app gets into its registry, storage and Service Bus: by a managed `identity` with roles, or by `keys`,"
        " passwords and connection strings in its settings. `keys` takes no right to assign roles.",
        default="identity",
        choices=tuple(Access),
        modes=WITH_AZURE,
    ),
    InputSpec(
        "app-settings",
        InputKind.LINES,
        "Settings for the app, environment variables to the script: `NAME=value` lines, or a YAML or JSON mapping."
        " Values are treated as secrets.",
        secret=True,
        modes=WITH_AZURE,
    ),
    *proving.ENTRIES,
    InputSpec(
        "destroy-data",
        InputKind.CHOICE,
        "Whether `mode: destroy` removes what holds data, too: storage accounts, Service Bus namespaces and the Log"
        " Analytics workspace.",
        default=building.YesNo.NO.value,
        choices=tuple(building.YesNo),
        modes=REMOVING,
    ),
)

OUTPUTS: tuple[OutputSpec, ...] = (
    OutputSpec("image", "The image, pinned by digest: `<registry>/<image-name>@sha256:...`."),
    OutputSpec("package-location", "The same as `image`, by the name that older workflows know."),
    OutputSpec("image-tag", "The tag that was written."),
    OutputSpec("digest", "The image's digest: `sha256:...`."),
    OutputSpec("base-image", "The base image, pinned by digest."),
    OutputSpec("lock", "The lock: every package with its version and hashes, as a requirements file."),
    OutputSpec("build-context", "The folder that builder `dockerfile` wrote."),
    OutputSpec(
        "state",
        "`live`: `init()` has returned in the app, with this image. `unproven`: nobody could see that from the machine"
        " of the run, as with a private app.",
    ),
    OutputSpec(
        "trigger-state",
        "With a blob or queue trigger, how much is known of it. `ready`: what it listens to is there and enabled, the"
        " app's identity holds its roles, and network rules let the app in. `quiet`: besides, its listener has reported"
        " no failure since the host started. `proven`: a probe went in, and its answer came out (`verify-trigger:"
        " send`). `unknown`: not all of what `ready` says could be looked at.",
    ),
    OutputSpec("app-url", "The function app's URL."),
    OutputSpec("scoring-url", "The URL to send requests to. It holds no key."),
    OutputSpec("function-names", "The app's functions, separated by commas."),
    OutputSpec("changed", "`true` when an image or a resource was written, or a slot swapped, else `false`."),
    OutputSpec("has-changes", "`true` when the plan of the resources changes anything, else `false`."),
    OutputSpec("plan", "The plan of the resources as JSON. It holds no secret."),
)

BY_NAME: dict[str, InputSpec] = {spec.name: spec for spec in CATALOGUE}
WORDS = frozenset({*BY_NAME, *(spec.name for spec in OUTPUTS), *(word for spec in CATALOGUE for word in spec.choices)})
"""What every run writes: no secret is one of these, though an app setting may have such a value."""
