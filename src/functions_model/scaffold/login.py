"""The commands that set up the login: an identity, whom it trusts, and the roles that a deployment takes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from functions_model.ci.pages import ENVIRONMENT
from functions_model.scaffold.looking import Remote

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
_ADMINISTRATOR = "Role Based Access Control Administrator"
_UNKNOWN = "<owner>/<repository>"
_SUBJECT = "SUBJECT"
_JQ = """'"repo:\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"'"""


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

    @property
    def registry_name(self) -> str:
        """The registry's own name, without group or host."""
        return self.registry.rstrip("/").rpartition("/")[2].partition(".")[0]

    @property
    def registry_group(self) -> str:
        """The group that it is in, as far as the input says so; else that of the app."""
        parts = self.registry.strip("/").split("/")
        return parts[3] if len(parts) > 4 else (parts[0] if len(parts) == 2 else self.group)


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
        *_credential(ENVIRONMENT, f"environment:{ENVIRONMENT}"),
        "# Only if you take `environment` out of the workflow, this one in its place:",
        *(f"#   {line}" for line in _credential(place.branch, f"ref:refs/heads/{place.branch}")),
        *_roles(place, '"$app_id"'),
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
        *_roles(place, '"$app_id"'),
    ]


def _groups(place: Place) -> Iterator[str]:
    group = shlex.quote(place.group)
    yield "# The resource group, and the registry (leave out what exists):"
    yield f"az group create --name {group} --location {shlex.quote(place.location)}"
    registry = shlex.quote(place.registry_name)
    yield f"az acr create --name {registry} --resource-group {shlex.quote(place.registry_group)} --sku Basic"


def _credential(name: str, ends: str) -> list[str]:
    """One federated credential; `$subject` is the shell's."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    whole = {"name": plain, "issuer": ISSUER, "subject": f"{_SUBJECT}:{ends}", "audiences": [AUDIENCE]}
    text = shlex.quote(json.dumps(whole)).replace(_SUBJECT, """'"$subject"'""")  # names of branches may hold a quote
    return [f'az ad app federated-credential create --id "$app_id" --parameters {text}']


def _roles(place: Place, who: str) -> Iterator[str]:
    """The least that a deployment takes: docs/how-to/oidc-login.md says why."""
    group, registry = shlex.quote(place.group), shlex.quote(place.registry_name)
    yield "# Its roles:"
    yield f"group=$(az group show --name {group} --query id --output tsv)"
    yield f"registry=$(az acr show --name {registry} --query id --output tsv)"
    assign = f"az role assignment create --assignee {who} --role"
    yield f'{assign} Contributor --scope "$group"'
    yield f'{assign} "{_ADMINISTRATOR}" --scope "$group"'
    yield f'{assign} AcrPush --scope "$registry"'
    same = f'{assign} "{_ADMINISTRATOR}" --scope "$registry"'
    if place.registry_group.lower() != place.group.lower():
        yield same
    else:
        yield f"# If the registry is in another group than {place.group}, also:  {same}"
