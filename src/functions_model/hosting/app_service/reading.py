"""What is read of apps and slots: sites, whole apps, and what they have beside settings."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import error_code
from functions_model.core.names import Names
from functions_model.hosting.app_service.nouns import NONE, Belongings, ObservedApp, ObservedSite, image_in
from functions_model.hosting.app_service.site import Site
from functions_model.provision.observed import ObservedGroup

_LOOKS = 3
"""At an app that somebody deploys to at the same time."""


def find_site(clients: AzureClients, names: Names) -> ObservedSite | ObservedGroup | None:
    """The app; without one the group that it would be in; None when there is no group either.

    Raises:
        AzureError: It may not be read.
    """
    try:
        return observed_site(clients.web.web_apps.get(names.group, names.app))
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


def image_of(clients: AzureClients, names: Names) -> str:
    """The image in the configuration of an app, or of its slot; empty for none, and for one that has gone.

    Raises:
        AzureError: It may not be read.
    """
    return image_in(Site(clients, names).runs())


def places_of(clients: AzureClients, names: Names) -> tuple[Names, ...]:
    """An app with its slots, which go with it; or the one slot.

    Raises:
        AzureError: They may not be read.
    """
    if names.candidate:
        return (names,)
    try:
        slots = [str(one.name).rpartition("/")[2] for one in clients.web.web_apps.list_slots(names.group, names.app)]
    except ResourceNotFoundError:
        return ()
    return (names, *(names.at(slot) for slot in slots))


def read_app(where: Site) -> ObservedApp | None:
    """An app or a slot, whole; None when it is not there."""
    try:
        site = observed_site(where.get())
    except ResourceNotFoundError:
        return None
    return complete_site(site, where)


def complete_site(site: ObservedSite, where: Site) -> ObservedApp | None:
    """The same with configuration and settings; None when it has gone meanwhile.

    The configuration comes last. While it says another image than the site's own answer did, somebody is deploying to
    it, and all is read again: settings of one version beside the image of another were never together.
    """
    for _ in range(_LOOKS):
        try:
            settings, config = where.list_application_settings(), where.get_configuration()
            if not site.shows or site.shows == config.linux_fx_version:
                break
            site = observed_site(where.get())
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


def read_belongings(where: Site) -> Belongings:
    """Both, read side by side; none of what is not there."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        asked = [threads.submit(read) for read in (where.list_connection_strings, where.list_azure_storage_accounts)]
        try:
            strings, mounts = (answer.result() for answer in asked)
        except ResourceNotFoundError:
            return NONE
    return Belongings(strings, {name: _without_state(mount) for name, mount in mounts.items()})


def _without_state(mount: Mapping[str, Any]) -> dict[str, Any]:
    """What Azure adds: whether the mount works."""
    return {name: value for name, value in mount.items() if name != "state"}
