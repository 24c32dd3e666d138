"""The commands that set up the login: an identity, whom it trusts, and the roles that a deployment takes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.ci.pages import ENVIRONMENT
from functions_model.inputs.registries import CLOUDS
from functions_model.scaffold.looking import Remote

ISSUER = "https://token.actions.githubusercontent.com"
_ADMINISTRATOR = '"Role Based Access Control Administrator"'
_ASSIGN = 'az role assignment create --assignee "$app_id" --role'
_UNKNOWN = "<owner>/<repository>"
_JQ = """'"repo:\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"'"""
_CREDENTIAL = f"""\
az ad app federated-credential create --id "$app_id" --parameters \
'{{"name": "deploy", "issuer": "{ISSUER}", "subject": "'"$trusted"'", "audiences": ["{CLOUDS[0].audience}"]}}'"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the deployment goes, and who deploys.

    Attributes:
        app: The app's name.
        group: The resource group.
        location: The region.
        registry: The registry, as the input says it.
        remote: Where the repository is kept.
        branch: The one that is deployed from.
    """

    app: str
    group: str
    location: str
    registry: str
    remote: Remote | None
    branch: str


def for_github(place: Place) -> list[str]:
    """The commands for a workflow of GitHub: all of them, in their order."""
    repository = place.remote.path if place.remote else _UNKNOWN
    quoted, asked = shlex.quote(repository), shlex.quote(f"repos/{repository}")
    return [
        *_groups(place),
        "# The identity that deploys:",
        f"app_id=$(az ad app create --display-name {shlex.quote(f'deploy-{place.app}')} --query appId --output tsv)",
        'az ad sp create --id "$app_id"',
        "# Whom it trusts. This is the subject of a repository that was created or renamed since 15 July 2026:",
        f"subject=$(gh api {asked} --jq {_JQ})",
        f"# An older one has this instead:  subject={shlex.quote(f'repo:{repository}')}",
        _trusted(f"environment:{ENVIRONMENT}"),
        "# Only if you take `environment` out of the workflow:",
        f"#   {_trusted(f'ref:refs/heads/{place.branch}')}",
        _CREDENTIAL,
        *_roles(place),
        "# What the workflow reads; none of it is a secret:",
        f'gh variable set AZURE_CLIENT_ID --repo {quoted} --body "$app_id"',
        f'gh variable set AZURE_TENANT_ID --repo {quoted} --body "$(az account show --query tenantId --output tsv)"',
        f'gh variable set AZURE_SUBSCRIPTION_ID --repo {quoted} --body "$(az account show --query id --output tsv)"',
    ]


def for_azure_pipelines(place: Place) -> list[str]:
    """The commands for a pipeline: the service connection brings the identity."""
    return [
        *_groups(place),
        "# In the project's settings, make a service connection of the kind `workload identity federation`",
        f"# for the resource group {place.group}, named as in the pipeline. Its page shows the client id:",
        "app_id=<client id>",
        *_roles(place),
    ]


def _trusted(what: str) -> str:
    """The whole subject, as a part of JSON: names of branches may hold any quote."""
    return f'trusted="$subject"{shlex.quote(json.dumps(f":{what}")[1:-1])}'


def _groups(place: Place) -> Iterator[str]:
    group = shlex.quote(place.group)
    yield "# The resource group (leave it out if it exists):"
    yield f"az group create --name {group} --location {shlex.quote(place.location)}"
    if "/" not in place.registry:
        yield "# The container registry (leave it out if it exists):"
        registry = shlex.quote(place.registry.partition(".")[0])
        yield f"az acr create --name {registry} --resource-group {group} --sku Basic"


def _roles(place: Place) -> Iterator[str]:
    """The least that a deployment takes: docs/how-to/oidc-login.md says why."""
    yield "# Its roles; the last one only where the registry is in another group:"
    yield f"group=$(az group show --name {shlex.quote(place.group)} --query id --output tsv)"
    yield f"registry={_registry_id(place.registry)}"
    yield f'{_ASSIGN} Contributor --scope "$group"'
    yield f'{_ASSIGN} {_ADMINISTRATOR} --scope "$group"'
    yield f'{_ASSIGN} AcrPush --scope "$registry"'
    yield f'case "$registry" in "$group"/*) ;; *) {_ASSIGN} {_ADMINISTRATOR} --scope "$registry" ;; esac'


def _registry_id(registry: str) -> str:
    """Its ARM id, as a shell gets it: of a name, a host, a name with its group, or that id itself."""
    if registry.startswith("/"):
        return shlex.quote(registry)
    group, _, name = registry.rpartition("/")
    where = f" --resource-group {shlex.quote(group)}" if group else ""
    return f"$(az acr show --name {shlex.quote(name.partition('.')[0])}{where} --query id --output tsv)"
