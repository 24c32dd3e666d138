"""Apps beside the one that is removed, and what they run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError

from functions_model.provision.app_changes import same_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_model.azure.clients import AzureClients


def sites_of(clients: AzureClients, group: str) -> list[Any]:
    """All apps of the subscription; those of the group where the login may not see more."""
    try:
        return list(clients.web.web_apps.list())
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        return list(clients.web.web_apps.list_by_resource_group(group))


def apps_of(sites: Iterable[Any], identity_id: str) -> tuple[str, ...]:
    """Ids of the apps, or slots, that run as an identity."""
    return tuple(str(site.id) for site in sites if runs_as(site, identity_id))


def runs_as(site: Any, identity_id: str) -> bool:
    """Whether an app, or a slot, runs as an identity; False for one that is not there."""
    held = site and site.identity and site.identity.user_assigned_identities
    return any(same_id(one, identity_id) for one in held or ())
