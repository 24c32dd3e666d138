"""The app as Resource Manager's first answer shows it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.errors import error_code
from functions_model.provision.observed import ObservedGroup
from functions_model.provision.observed_app import ObservedApp, ObservedSite

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.azure.site import Site
    from functions_model.provision.nouns import Wanted


def find_site(clients: AzureClients, wanted: Wanted) -> ObservedSite | ObservedGroup | None:
    """The app; without one the group that it would be in; None when there is no group either.

    Raises:
        AzureError: It may not be read.
    """
    try:
        return observed_site(clients.web.web_apps.get(wanted.names.group, wanted.names.app))
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
        properties=site.as_dict().get("properties") or {},
    )


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def read_app(where: Site) -> ObservedApp | None:
    """An app or a slot, whole; None when it is not there."""
    try:
        site = observed_site(where.get())
    except ResourceNotFoundError:
        return None
    return complete_site(site, where)


def complete_site(site: ObservedSite, where: Site) -> ObservedApp | None:
    """The same with configuration and settings, read side by side; None when it has gone meanwhile."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        asked = threads.submit(where.get_configuration), threads.submit(where.list_application_settings)
        try:
            config, settings = asked[0].result(), asked[1].result()
        except ResourceNotFoundError:
            return None
    return ObservedApp(
        **{one.name: getattr(site, one.name) for one in fields(site)},
        runs=str(config.linux_fx_version or ""),
        settings=settings,
        pull_identity=str(config.acr_user_managed_identity_id or "") if config.acr_use_managed_identity_creds else "",
        pulls_by_identity=bool(config.acr_use_managed_identity_creds),
        config=config.as_dict().get("properties") or {},
    )
