"""The one list of inputs and outputs. `action.yml`, the README's tables, `--help` and the checks all follow it.

An entry stands in the part that it belongs to, here or in `building`, `hosting` and `triggering`: that is its group.
"""

from __future__ import annotations

from dataclasses import replace

from functions_model.core.spec import Access, Mode
from functions_model.inputs import building, collection, hosting, triggering
from functions_model.inputs.specs import (
    BLOB,
    EVERY_MODE,
    LOOK_OR_SEND,
    NAMING,
    QUEUE,
    REMOVING,
    WITH_AZURE,
    Group,
    InputSpec,
    OutputSpec,
    a_choice,
    a_guid,
    a_name,
    a_number,
    a_path,
    a_text,
    lines,
)

_GIVEN: tuple[InputSpec, ...] = (
    lines(
        "model-path",
        "The model: a file or a folder in the workspace, or a registered one as `azureml:<name>:<version>` or"
        " `azureml:<name>@latest`. For several, one on each line, also as `name=path` or `name:version=path`. `[]` for"
        " a script without a model.",
        required_when="without `deployment-file` or `image`",
        metavar="PATH",
        of_image=True,
    ),
    a_path(
        "entry-script",
        "The Python script with `init()` and `run()`, as for Azure ML. An MLflow model alone needs none.",
        required_when="without `deployment-file`, `image` or an MLflow model",
        of_image=True,
    ),
    a_path(
        "environment-file",
        "The dependencies: a `requirements.txt`, a conda YAML, an Azure ML environment YAML, or a registered"
        " environment as `azureml:<name>:<version>` or `azureml:<name>@latest`.",
        derived="the MLflow model's own packages, and the inference server",
        of_image=True,
    ),
    a_name(
        "registry",
        "The container registry: `contoso`, `contoso.azurecr.io`, `<resource-group>/contoso` or its ARM id, of any"
        " subscription. With `mode: package`, also any other registry, as `host:port`. `destroy` reads an id of another"
        " subscription, for the role on that registry.",
        required_when="except with `builder: dockerfile` or `image`, and to destroy",
        modes=EVERY_MODE,
    ),
    a_name(
        "app-name",
        "The function app's name, unique in all of Azure: it becomes part of the URL.",
        required=True,
        modes=NAMING,
    ),
    a_name("resource-group", "The resource group. Created if it does not exist.", required=True, modes=NAMING),
    a_name(
        "location",
        "The Azure region: `westeurope`.",
        required=True,
        modes=WITH_AZURE,
        metavar="REGION",
    ),
    a_guid(
        "subscription-id",
        "The id of the Azure subscription: `az account show --query id`.",
        required=True,
        modes=NAMING,
    ),
    a_guid(
        "tenant-id",
        "The id of the Microsoft Entra tenant: `az account show --query tenantId`. In mode `package`, only a registry"
        " in Azure needs it. See `login`.",
        required_when="to log in by OIDC or with `client-secret`",
        modes=EVERY_MODE,
    ),
    a_guid(
        "client-id",
        "The client id of the application or managed identity to log in as. In mode `package`, only a registry in Azure"
        " needs it. See `login`.",
        required_when="to log in by OIDC or with `client-secret`",
        modes=EVERY_MODE,
    ),
)

_MODEL: tuple[InputSpec, ...] = (
    a_name(
        "model-name",
        "The model's name, part of the path in `AZUREML_MODEL_DIR`, for one path alone.",
        derived="the file's or folder's name, without its ending",
        of_image=True,
    ),
    a_number("model-version", "The model's version, 1 or more, for one path alone.", derived="`1`", of_image=True),
    a_path(
        "source-directory",
        "The folder with the entry script and everything that it imports.",
        derived="the entry script's folder; with `import-roots`, the folder that holds it and them",
        of_image=True,
    ),
    lines(
        "import-roots",
        "More folders with packages that the script imports, one on each line: `src` of a src layout.",
        of_image=True,
    ),
    a_name(
        "workspace",
        "The Azure ML workspace of registered models and environments: its name, or its whole ARM id.",
        required_when="with `azureml:` in `model-path` or `environment-file`",
        of_image=True,
    ),
    a_name(
        "workspace-resource-group",
        "The resource group of the Azure ML workspace.",
        derived="`resource-group`",
        of_image=True,
    ),
)

_APP: tuple[InputSpec, ...] = (
    *hosting.ENTRIES,
    *collection.ENTRIES,
    a_choice(
        "access",
        "How the app reaches its registry, storage and Service Bus: by a managed `identity` with roles, or by `keys`,"
        " passwords and connection strings in its settings. `keys` needs no right to assign roles.",
        default="identity",
        choices=tuple(Access),
        modes=WITH_AZURE,
    ),
    lines(
        "app-settings",
        "Settings of the app, environment variables in the script: `NAME=value` lines, or a YAML or JSON mapping."
        " Values are treated as secrets.",
        secret=True,
        modes=WITH_AZURE,
    ),
)

_LOGIN: tuple[InputSpec, ...] = (
    a_text(
        "client-secret",
        "The application's secret. Leave it out to log in with the CI host's own identity token (OIDC).",
        secret=True,
        modes=EVERY_MODE,
    ),
    a_choice(
        "login",
        "`managed-identity` logs in as the machine's own identity; `client-id` names a user-assigned one.",
        derived="`client-secret`, else the CI host's identity token, else that in `AZURE_FEDERATED_TOKEN_FILE`, else,"
        " on the command line, the session of `az login`",
        choices=("managed-identity",),
        modes=EVERY_MODE,
    ),
    a_text(
        "audience",
        "The audience of the CI host's identity token.",
        derived="`api://AzureADTokenExchange`, or the cloud's own",
        modes=EVERY_MODE,
        metavar="URI",
    ),
    a_text(
        "cloud",
        "`AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or the https URL of an Azure Resource Manager.",
        default="AzureCloud",
        modes=EVERY_MODE,
        metavar="CLOUD",
    ),
)

_RUN: tuple[InputSpec, ...] = (
    a_choice(
        "mode",
        "What to do: `deploy` does everything, `plan` shows what would change, `package` only builds and pushes the"
        " image. `destroy` removes the resources that `deploy` created, `plan-destroy` shows which.",
        default="deploy",
        choices=tuple(Mode),
        modes=EVERY_MODE,
    ),
    a_path(
        "inputs-file",
        "A YAML file with inputs by name, one file for all commands. Inputs that you set elsewhere win. No secrets.",
        modes=EVERY_MODE,
    ),
    a_path(
        "working-directory",
        "The folder that all other paths but `inputs-file` are relative to, for one of several models in a repository."
        " Nothing outside it is read.",
        derived="the workspace",
        modes=EVERY_MODE,
    ),
    a_path(
        "report-directory",
        "A folder for files about the run, also about one that fails: plan, lock, bill of materials, image, log.",
        modes=EVERY_MODE,
    ),
    a_path(
        "deployment-file",
        "An Azure ML online deployment YAML. It supplies model, script, environment and settings, unless you set them"
        " here.",
        of_image=True,
    ),
    a_path(
        "sample-request",
        "A file to send to the live function as the last check. With a blob or queue trigger, the app's `check`"
        " function scores it.",
        modes=WITH_AZURE,
    ),
    a_number(
        "verify-timeout",
        "How many seconds the app may take to come alive. A request to `init()` or `run()` that is under way is not cut"
        " short; it ends within 230 seconds.",
        default="600",
        modes=WITH_AZURE,
        metavar="SECONDS",
    ),
    a_choice(
        "verify-trigger",
        "How to prove a blob or queue trigger. `look` only reads, and writes nothing into your data. `send` also sends"
        " the sample request through it, as a blob or message of its own, and waits for the answer; the login then"
        " needs roles on the data.",
        derived="`look`",
        choices=LOOK_OR_SEND,
        modes=WITH_AZURE,
        triggers=(BLOB, QUEUE),
    ),
    a_choice(
        "destroy-data",
        "Whether `mode: destroy` also removes what holds data: storage accounts, Service Bus namespaces and the Log"
        " Analytics workspace.",
        default=building.YesNo.NO.value,
        choices=tuple(building.YesNo),
        modes=REMOVING,
    ),
)

CATALOGUE: tuple[InputSpec, ...] = tuple(
    replace(entry, group=group)
    for group, entries in {
        Group.GIVEN: _GIVEN,
        Group.MODEL: _MODEL,
        Group.IMAGE: building.ENTRIES,
        Group.TRIGGER: triggering.ENTRIES,
        Group.APP: _APP,
        Group.LOGIN: _LOGIN,
        Group.RUN: _RUN,
    }.items()
    for entry in entries
)

OUTPUTS: tuple[OutputSpec, ...] = (
    OutputSpec("image", "The image, pinned by digest: `<registry>/<image-name>@sha256:...`."),
    OutputSpec("package-location", "The same as `image`, under the name that older workflows use."),
    OutputSpec(
        "image-repository", "`image` without its digest: `<registry>/<image-name>`, for what signs or attests it."
    ),
    OutputSpec("image-tag", "The image's tag."),
    OutputSpec("digest", "The image's digest: `sha256:...`."),
    OutputSpec("base-image", "The base image, pinned by digest."),
    OutputSpec("lock", "The lock: every package with its version and hashes, as a requirements file."),
    OutputSpec("build-context", "The folder that builder `dockerfile` wrote."),
    OutputSpec(
        "state",
        "`live`: `init()` has returned in the app, with this image. `unproven`: the run could not see that, as with a"
        " private app, or one whose callers log in. `overtaken`: somebody else deployed to it meanwhile (exit code 9).",
    ),
    OutputSpec(
        "trigger-state",
        "With a blob or queue trigger, how much was proven. `ready`: what it listens to exists and is enabled, the"
        " app's identity has its roles, and network rules let the app in. `quiet`: also, its listener has reported no"
        " failure since the host started. `proven`: a probe went in, and its answer came out (`verify-trigger: send`)."
        " `unknown`: not all of `ready` could be checked.",
    ),
    OutputSpec("app-url", "The function app's URL."),
    OutputSpec("scoring-url", "The URL to send requests to. It holds no key."),
    OutputSpec("function-names", "The app's functions, separated by commas."),
    OutputSpec(
        "changed",
        "`true` if the run wrote an image, a tag or a resource, or swapped a slot; so always `false` in the modes"
        " `plan` and `plan-destroy`.",
    ),
    OutputSpec("has-changes", "`true` if the plan of the resources changes anything, else `false`."),
    OutputSpec("plan", "The plan of the resources as JSON, without secrets or subscription ids."),
)

BY_NAME: dict[str, InputSpec] = {spec.name: spec for spec in CATALOGUE}
WORDS = frozenset({*BY_NAME, *(spec.name for spec in OUTPUTS), *(word for spec in CATALOGUE for word in spec.choices)})
"""What every run writes: no secret is one of these, though an app setting may have such a value."""
