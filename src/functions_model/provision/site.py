"""The app as Resource Manager's first answer shows it."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.azure.errors import error_code
from functions_model.provision.observed import ObservedGroup
from functions_model.provision.observed_app import ObservedSite

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Wanted


def find_site(clients: AzureClients, wanted: Wanted) -> ObservedSite | ObservedGroup | None:
    """The app; without one the group that it would be in; None when there is no group either.

    Raises:
        AzureError: It may not be read.
    """
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return observed_site(clients.web.web_apps.get(wanted.group, wanted.app_name))
    except ResourceNotFoundError as exc:
        return None if error_code(exc) == "ResourceGroupNotFound" else ObservedGroup()


def observed_site(site: Any) -> ObservedSite:
    """The SDK's own noun as ours."""
    identity = site.identity
    held = (identity and identity.user_assigned_identities) or {}
    return ObservedSite(
        id=str(site.id),
        kind=str(site.kind or ""),
        location=str(site.location or ""),
        tier=str(site.sku or ""),
        plan_id=str(site.server_farm_id or ""),
        host_name=str(site.default_host_name or ""),
        identity_type=_text((identity and identity.type) or ""),
        identity_ids=tuple(held),
        identity_clients={name.lower(): str(one.client_id) for name, one in held.items() if one and one.client_id},
        state=str(site.state or ""),
        tags=dict(site.tags or {}),
    )


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
