"""Slot settings: app settings that belong to an app or to a slot, and stay where they are in a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.provision.changes import FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Wanted


def missing(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those that are not slot settings yet. Case does not count in names."""
    lower = {name.lower() for name in known}
    return tuple(name for name in names if name.lower() not in lower)


def sticky_changes(names: Iterable[str], known: Iterable[str]) -> tuple[FieldChange, ...]:
    """The names that become slot settings, for a plan."""
    return tuple(FieldChange(f"slot setting `{name}`", None, "stays with the slot") for name in missing(names, known))


def make_sticky(clients: AzureClients, wanted: Wanted, names: tuple[str, ...], *, is_new: bool = False) -> None:
    """Make them slot settings of the app and all its slots, beside those that are.

    The whole object is written, as az does it: connection strings and mounts that stay with their slot are named in it,
    too. Azure/azure-cli 2.91.0, command_modules/appservice/custom.py:704, `update_app_settings`.

    Args:
        clients: Of the subscription.
        wanted: Names the app.
        names: Of app settings.
        is_new: The app was made a moment ago: nobody has made anything of it a slot setting yet.
    """
    apps, where = clients.web.web_apps, (wanted.names.group, wanted.names.app)
    body: Any = {} if is_new else apps.list_slot_configuration_names(*where).as_dict()
    properties = body.get("properties") or {}
    known = properties.get("appSettingNames") or []
    body["properties"] = {**properties, "appSettingNames": [*known, *missing(names, known)]}
    apps.update_slot_configuration_names(*where, body)
