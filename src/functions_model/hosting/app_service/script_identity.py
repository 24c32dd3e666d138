"""Which identity `DefaultAzureCredential()` in a script takes.

Without a name it asks for the app's system-assigned identity, and an app that we make has a user-assigned one alone.
AZURE_CLIENT_ID names it: Azure/azure-sdk-for-python, azure/identity/_credentials/default.py.
The host's own connections read that variable, too, where they name no identity (Azure/azure-sdk-for-net,
DefaultAzureCredentialOptions.cs, behind Microsoft.Extensions.Azure). So an app of others never gets it by itself.
"""

from __future__ import annotations

from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSite
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.observed import Observed

_CLIENT_ID = "AZURE_CLIENT_ID"


def client_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """That of a new app and of the slots that are made with it; and of one whose identity was made again.

    A later slot has what its app has. None is not known before the identity is there.
    """
    who = observed.of(ObservedIdentity)
    ours = who.client_id if who else None
    is_new = observed.of(ObservedApp) is None and observed.of(ObservedSite) is None
    return {_CLIENT_ID: ours} if not wanted.by_keys and (is_new or _names_ours(wanted, observed)) else {}


def _names_ours(wanted: Wanted, observed: Observed) -> bool:
    """Whether the setting names the identity as the app knows it, which may be one that is gone."""
    named, app = observed.live_settings.get(_CLIENT_ID), observed.of(ObservedApp)
    known = app and app.identity_clients.get(wanted.id_of(identity.TYPE, wanted.resources.identity).lower())
    return bool(named and known) and named == known


def client_notes(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """What code in an app of others takes, and how it would take ours."""
    who = observed.of(ObservedIdentity)
    app = observed.of(ObservedApp)
    if wanted.by_keys or app is None or _CLIENT_ID in {*app.settings, *wanted.target.app_settings}:
        return ()
    takes = "takes the system-assigned identity of" if app.has_own_identity else "finds no identity in"
    value = f"`{who.client_id}`" if who else "its client id"
    ours = wanted.resources.identity
    note = (
        f"`DefaultAzureCredential()` in a script {takes} `{wanted.names.app}`. To let it take `{ours}`, "
        f"set {_CLIENT_ID} to {value} with `app-settings`: every connection of the app that names no identity takes "
        "that one then, too."
    )
    return (note,)
