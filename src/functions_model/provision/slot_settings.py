"""The settings of a deployment slot: what a swap brings to the app, and what must never leave the slot."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.core.secrets import Secret
from functions_model.provision.settings import MACHINE_KEY, merged_settings

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

HOST_ID = "AzureFunctionsWebHost__hostid"
"""The host's own id is `<app>-<slot>`, cut to 32 characters, which can be that of the app: then the host does not
start, or takes the app's locks and blob receipts for its own.
https://learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations."""

DISABLED = "AzureWebJobs.score.Disabled"
"""Else a slot would take blobs and messages from the app's own trigger.
https://learn.microsoft.com/azure/azure-functions/disable-function."""

_LONGEST, _HASH = 32, 10


def host_id(app: str, slot: str) -> str:
    """A stable id for the slot's host: letters, digits and hyphens in lower case, 32 at most."""
    digest = hashlib.sha256(f"{app}/{slot}".lower().encode()).hexdigest()[:_HASH]
    return f"{app.lower()[: _LONGEST - _HASH - 1].rstrip('-')}-{digest}"


def slots_own(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """What holds in the slot alone; a trigger that takes work by itself is off there."""
    own = {HOST_ID: host_id(wanted.app_name, wanted.slot)}
    if wanted.data is not None:
        return {**own, DISABLED: "true"}
    was_off = observed.slot is not None and observed.slot.app is not None and DISABLED in observed.slot.app.settings
    return {**own, DISABLED: "false"} if was_off else own


def sticky_names(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """Every setting that must not be swapped: those that are told already, and the slot's own."""
    known = observed.slot.sticky if observed.slot else ()
    lower = {name.lower() for name in known}
    return (*known, *(name for name in slots_own(wanted, observed) if name.lower() not in lower))


def for_slot(wanted: Wanted, observed: Observed) -> tuple[Wanted, Observed]:
    """The same deployment as if the slot were the app.

    A swap gives the app the slot's settings. So the slot gets what the app itself would get, what others have set there
    included, unless it is sticky: nothing that they have set is lost.
    """
    live = observed.slot.app if observed.slot else None
    sticky = {name.lower() for name in sticky_names(wanted, observed)}
    the_apps = {
        name: Secret(value)
        for name, value in merged_settings(wanted, observed).items()
        if value is not None and name.lower() not in sticky and not (name == MACHINE_KEY and live)
    }
    own = {name: Secret(value) for name, value in slots_own(wanted, observed).items()}
    return replace(wanted, app_settings={**the_apps, **wanted.app_settings, **own}), replace(observed, app=live)


def without_sticky(wanted: Wanted, observed: Observed) -> Wanted:
    """What a swap can bring to the app: all but what stays with the slot."""
    sticky = {name.lower() for name in sticky_names(wanted, observed)}
    given = {name: value for name, value in wanted.app_settings.items() if name.lower() not in sticky}
    return replace(wanted, app_settings=given)
