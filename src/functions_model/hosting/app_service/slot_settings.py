"""The settings of a deployment slot: what a swap brings to the app, and what must never leave the slot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions_model.azure.clients import AzureClients
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.content_share import CONTENT_SHARE, slots_share
from functions_model.hosting.app_service.machine_key import ENCRYPTION, encryption_keys
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSlot
from functions_model.hosting.app_service.settings import HOST_ID, host_id, is_cut, merged_settings
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed

DISABLED = "AzureWebJobs.score.Disabled"
"""Else a slot would take blobs and messages from the app's own trigger.
https://learn.microsoft.com/azure/azure-functions/disable-function."""


def apps_sticky(wanted: Wanted) -> tuple[str, ...]:
    """Settings of a new app that no swap may move: its machine key, as its host reads its keys with it, and its id."""
    return (*encryption_keys(wanted.target.app_settings), *((HOST_ID,) if is_cut(wanted) else ()))


def slots_own(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """What holds in the slot alone; a trigger that takes work by itself is off there."""
    slot = observed.of(ObservedSlot)
    own = {HOST_ID: host_id(wanted.names.app, wanted.names.candidate)}
    if wanted.data is not None:
        return {**own, DISABLED: "true"}
    was_off = slot is not None and slot.app is not None and DISABLED in slot.app.settings
    return {**own, DISABLED: "false"} if was_off else own


def sticky_names(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Every setting that must not be swapped: those that are told already, the app's own and the slot's."""
    slot = observed.of(ObservedSlot)
    known = slot.sticky if slot else ()
    keys = encryption_keys(observed.live_settings, slot.app.settings if slot and slot.app else {})
    return (*known, *missing((*keys, *slots_own(wanted, observed)), known))


def for_slot(wanted: Wanted, observed: Observed) -> tuple[Wanted, Observed]:
    """The same deployment as if the slot were the app.

    A swap gives the app the slot's settings. So the slot gets what the app itself would get, what others have set there
    included, unless it is sticky: nothing that they have set is lost. Its machine key and content share are its own.
    """
    slot = observed.of(ObservedSlot)
    live = slot.app if slot else None
    sticky = {name.lower() for name in sticky_names(wanted, observed)}
    the_apps = {
        name: Secret(value)
        for name, value in merged_settings(wanted, observed).items()
        if value is not None and name.lower() not in sticky
    }
    users = {name: secret for name, secret in wanted.target.app_settings.items() if name not in ENCRYPTION}
    given = {**the_apps, **users, **{name: Secret(value) for name, value in slots_own(wanted, observed).items()}}
    if share := given.get(CONTENT_SHARE):
        slots = live.settings.get(CONTENT_SHARE, "") if live else ""
        given[CONTENT_SHARE] = Secret(slots_share(wanted, share.reveal(), slots))
    return wanted.with_settings(given), observed.lacking(ObservedApp).having(live)


def without_sticky(wanted: Wanted, observed: Observed) -> Wanted:
    """What a swap can bring to the app: all but what stays with the slot, and the share that comes with it."""
    sticky = {CONTENT_SHARE.lower(), *(name.lower() for name in sticky_names(wanted, observed))}
    given = {name: value for name, value in wanted.target.app_settings.items() if name.lower() not in sticky}
    return wanted.with_settings(given)


def missing(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those that are not slot settings yet. Case does not count in names."""
    lower = {name.lower() for name in known}
    return tuple(name for name in names if name.lower() not in lower)


def sticky_changes(names: Iterable[str], known: Iterable[str]) -> tuple[FieldChange, ...]:
    """The names that become slot settings, for a plan."""
    return tuple(FieldChange(f"slot setting `{name}`", None, "stays with the slot") for name in missing(names, known))


def make_sticky(clients: AzureClients, wanted: Wanted, names: tuple[str, ...]) -> None:
    """Make them slot settings of the app and all its slots, beside those that are.

    The whole object is written, as az does it: connection strings and mounts that stay with their slot are named in it,
    too. Azure/azure-cli 2.91.0, command_modules/appservice/custom.py:704, `update_app_settings`.

    Args:
        clients: Of the subscription.
        wanted: Names the app.
        names: Of app settings.
    """
    apps, where = clients.web.web_apps, (wanted.names.group, wanted.names.app)
    body: Any = apps.list_slot_configuration_names(*where).as_dict()
    properties = body.get("properties") or {}
    known = properties.get("appSettingNames") or []
    body["properties"] = {**properties, "appSettingNames": [*known, *missing(names, known)]}
    apps.update_slot_configuration_names(*where, body)
