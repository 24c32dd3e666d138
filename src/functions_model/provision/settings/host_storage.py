"""What the Functions host is told: its own storage, by identity or by a connection string, and where telemetry goes."""

from __future__ import annotations

from functions_model.core.failures import Problem
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import storage_account
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.observed import Observed
from functions_model.provision.settings.connection_strings import ObservedKeys, account_of, account_string

HOST_STORAGE = "AzureWebJobsStorage"
"""When a connection string has this very name, the host ignores every `AzureWebJobsStorage__*` setting."""

_DASHBOARD = "AzureWebJobsDashboard"


def host_storage_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What leads the host to its storage; nothing where somebody else's value does. None is not known yet."""
    if is_set_by_others(wanted, observed):
        return {}
    return _by_key(wanted, observed) if wanted.by_keys else _by_identity(wanted, observed)


def obsolete_host_storage(wanted: Wanted, observed: Observed) -> frozenset[str]:
    """Live settings of the other kind of access. Those that lead to other accounts are others' own."""
    live = observed.live_settings
    if is_set_by_others(wanted, observed):
        return frozenset()
    if wanted.by_keys:
        return frozenset(_by_identity(wanted, observed))
    return frozenset(name for name in (HOST_STORAGE, _DASHBOARD) if leads_to_ours(wanted, live.get(name, "")))


def leads_to_ours(wanted: Wanted, value: str) -> bool:
    """Whether a setting's value opens the host storage account."""
    return account_of(value) == wanted.resources.storage_account.lower()


def host_storage_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A host that has its keys in another account: the app would lose them, and its callers theirs."""
    theirs = account_of(observed.live_settings.get(HOST_STORAGE, ""))
    if HOST_STORAGE in wanted.target.app_settings or theirs in {"", wanted.resources.storage_account.lower()}:
        return ()
    app, ours = wanted.names.app, wanted.resources.storage_account
    what = f"the function app `{app}` has its keys in the storage account `{theirs}`, not in `{ours}`"
    remedy = (
        f"Set `storage-account` to `{theirs}`. Or give the app new keys: "
        f"{wanted.host.commands.deletes_setting(wanted.names.at(), HOST_STORAGE)}"
    )
    return (Problem(what, remedy, "storage-account"),)


def is_set_by_others(wanted: Wanted, observed: Observed) -> bool:
    """By the user, or by a value that names no account, such as a reference to a key vault."""
    live = observed.live_settings.get(HOST_STORAGE, "")
    return HOST_STORAGE in wanted.target.app_settings or bool(live and not leads_to_ours(wanted, live))


def _by_identity(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """`AzureWebJobsStorage__accountName` would serve the public cloud only."""
    storage, identity = account_in(observed, wanted.resources.storage_account), observed.of(ObservedIdentity)
    return {
        f"{HOST_STORAGE}__blobServiceUri": storage.blob if storage else None,
        f"{HOST_STORAGE}__queueServiceUri": storage.queue if storage else None,
        f"{HOST_STORAGE}__tableServiceUri": storage.table if storage else None,
        f"{HOST_STORAGE}__credential": "managedidentity",
        f"{HOST_STORAGE}__clientId": identity.client_id if identity else None,
    }


def _by_key(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    return {HOST_STORAGE: account_setting(HOST_STORAGE, wanted.resources.storage_account, observed)}


def account_setting(setting: str, account: str, observed: Observed) -> str | None:
    """The account's connection string for a setting; None as long as the account or its keys are not known."""
    found, keys = (
        account_in(observed, account),
        observed.all_of(ObservedKeys).by_owner.get(storage_account.key(account)),
    )
    if found is None or keys is None:
        return None
    return account_string(account, found, keys, observed.live_settings.get(setting, ""))


CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
"""https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string."""


def telemetry_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Nothing without a component: what others have set for one of theirs stays."""
    component = observed.of(ObservedInsights)
    if wanted.insights is None:
        return {}
    connection = {CONNECTION: component.connection_string.reveal() if component else None}
    if wanted.by_keys:
        return connection
    who = observed.of(ObservedIdentity)
    return {**connection, AUTHENTICATION: f"ClientId={who.client_id};Authorization=AAD" if who else None}


def obsolete_telemetry(wanted: Wanted) -> frozenset[str]:
    """An identity that the app was given before, and that it writes with no longer."""
    return frozenset({AUTHENTICATION}) if wanted.insights is not None and wanted.by_keys else frozenset()
