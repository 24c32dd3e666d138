"""Who else uses what a removal would take away, and what it holds itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azure.core.exceptions import HttpResponseError

from functions_model.azure.clients import AzureClients
from functions_model.core.spec import RemovalSpec
from functions_model.provision.kinds import application_insights, generic
from functions_model.provision.kinds.former_roles import maker_of
from functions_model.provision.nouns import same_id


def apps_of(sites: Iterable[Any], identity_id: str) -> tuple[str, ...]:
    """Ids of those of the apps that run as an identity."""
    return tuple(str(site.id) for site in sites if runs_as(site, identity_id))


def runs_as(site: Any, identity_id: str) -> bool:
    """Whether an app runs as an identity; False for one that is not there."""
    held = site and site.identity and site.identity.user_assigned_identities
    return any(same_id(one, identity_id) for one in held or ())


def sharers_of(clients: AzureClients, resource_id: str, identity_id: str) -> tuple[str, ...]:
    """Names of other identities that this tool has given roles on, or below, a resource: deployments that use it."""
    found = clients.authorization.role_assignments.list_for_scope(scope=resource_id.lstrip("/"))
    below = (one for one in found if f"{one.scope}/".lower().startswith(f"{resource_id}/".lower()))
    makers = {maker_of(str(one.description or "")) for one in below}
    return tuple(sorted(one.rpartition("/")[2] for one in makers if one and one.lower() != identity_id.lower()))


def components_on(clients: AzureClients, spec: RemovalSpec, workspace_id: str) -> tuple[str, ...]:
    """Ids of those of the subscription; of those of the group where the login may not see more.

    Azure deletes a workspace whoever is based on it, and what they write from then on is lost.
    """
    version = application_insights.API_VERSION
    kind = f"/providers/{application_insights.TYPE}"
    try:
        found = list(generic.listed(clients, f"/subscriptions/{spec.names.subscription}{kind}", version))
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        found = list(generic.listed(clients, f"{spec.names.group_id}{kind}", version))
    based = (one for one in found if same_id(str(one["properties"].get("WorkspaceResourceId") or ""), workspace_id))
    return tuple(str(one["id"]) for one in based)
