"""Application Insights components that keep their data in a Log Analytics workspace: it must not go under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError

from functions_model.provision import generic
from functions_model.provision.kinds import application_insights
from functions_model.provision.nouns import same_id

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.core.removal import RemovalSpec


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
