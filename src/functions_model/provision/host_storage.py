"""The Functions host's own storage in the app's settings: by identity, or by a connection string."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from functions_model.core.failures import Problem
from functions_model.provision.connection_strings import ObservedKeys, account_of, account_string
from functions_model.provision.kinds import storage_account
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.plan_sizes import ELASTIC, ObservedPlan, tier_of

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

HOST_STORAGE = "AzureWebJobsStorage"
"""When a connection string has this very name, the host ignores every `AzureWebJobsStorage__*` setting."""

CONTENT_STORAGE = "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"
CONTENT_SHARE = "WEBSITE_CONTENTSHARE"
_DASHBOARD = "AzureWebJobsDashboard"
_LONGEST_SHARE = 63
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-shares--directories--files--and-metadata."""


def host_storage_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What leads the host to its storage; nothing where somebody else's value does. None is not known yet."""
    if _is_set_by_others(wanted, observed):
        return {}
    return _by_key(wanted, observed) if wanted.by_keys else _by_identity(wanted, observed)


def obsolete_host_storage(wanted: Wanted, observed: Observed) -> frozenset[str]:
    """Live settings of the other kind of access. Those that lead to other accounts are others' own."""
    live = observed.live_settings
    if _is_set_by_others(wanted, observed):
        return frozenset()
    if wanted.by_keys:
        return frozenset(_by_identity(wanted, observed))
    strings = (HOST_STORAGE, CONTENT_STORAGE, _DASHBOARD)
    gone = {name for name in strings if account_of(live.get(name, "")) == wanted.target.storage_account.lower()}
    return frozenset(gone | ({CONTENT_SHARE} if CONTENT_STORAGE in gone else set()))


def host_storage_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A host that has its keys in another account: the app would lose them, and its callers theirs."""
    theirs = account_of(observed.live_settings.get(HOST_STORAGE, ""))
    if HOST_STORAGE in wanted.target.app_settings or theirs in {"", wanted.target.storage_account.lower()}:
        return ()
    app, ours = wanted.names.app, wanted.target.storage_account
    what = f"the function app `{app}` has its keys in the storage account `{theirs}`, not in `{ours}`"
    remedy = (
        f"Set `storage-account` to `{theirs}`. Or give the app new keys: az functionapp config appsettings delete "
        f"{wanted.names.at().flags} --setting-names {HOST_STORAGE}"
    )
    return (Problem(what, remedy, "storage-account"),)


def _is_set_by_others(wanted: Wanted, observed: Observed) -> bool:
    """By the user, or by a value that names no account, such as a reference to a key vault."""
    live = observed.live_settings.get(HOST_STORAGE, "")
    return HOST_STORAGE in wanted.target.app_settings or bool(
        live and account_of(live) != wanted.target.storage_account.lower()
    )


def _by_identity(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """`AzureWebJobsStorage__accountName` would serve the public cloud only."""
    storage, identity = account_in(observed, wanted.target.storage_account), observed.of(ObservedIdentity)
    return {
        f"{HOST_STORAGE}__blobServiceUri": storage.blob if storage else None,
        f"{HOST_STORAGE}__queueServiceUri": storage.queue if storage else None,
        f"{HOST_STORAGE}__tableServiceUri": storage.table if storage else None,
        f"{HOST_STORAGE}__credential": "managedidentity",
        f"{HOST_STORAGE}__clientId": identity.client_id if identity else None,
    }


def _by_key(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """As `az functionapp create` sets it: with a share for the app's content where the plan is elastic."""
    settings = {HOST_STORAGE: account_setting(HOST_STORAGE, wanted.target.storage_account, observed)}
    if _is_elastic(wanted, observed):
        settings[CONTENT_STORAGE] = account_setting(CONTENT_STORAGE, wanted.target.storage_account, observed)
        settings[CONTENT_SHARE] = observed.live_settings.get(CONTENT_SHARE) or _share_name(wanted)
    return settings


def account_setting(setting: str, account: str, observed: Observed) -> str | None:
    """The account's connection string for a setting; None as long as the account or its keys are not known."""
    found, keys = (
        account_in(observed, account),
        observed.all_of(ObservedKeys).by_owner.get(storage_account.key(account)),
    )
    if found is None or keys is None:
        return None
    return account_string(account, found, keys, observed.live_settings.get(setting, ""))


def _is_elastic(wanted: Wanted, observed: Observed) -> bool:
    live = observed.of(ObservedPlan)
    tier = live.tier if live else tier_of(wanted.target.plan_sku) or ""
    return tier.lower() == ELASTIC.lower()


def _share_name(wanted: Wanted) -> str:
    """The app's name and twelve letters, as `az` makes it; theirs are random, ours the same in every run."""
    return _share(wanted, hashlib.sha256(f"{wanted.names.group_id}/{wanted.names.app}".lower().encode()).hexdigest())


def _share(wanted: Wanted, letters: str) -> str:
    return f"{wanted.names.app.lower()[: _LONGEST_SHARE - 13]}{letters[:12]}"


def slots_share(wanted: Wanted, apps: str, slots: str) -> str:
    """A content share for a slot: what it has, unless that is the app's; else a new one.

    A swap moves it with its content, so that no slot's name can be in it.

    Args:
        wanted: Names the app.
        apps: The share that the app has.
        slots: The share that the slot has; empty when it has none.
    """
    return slots if slots and slots.lower() != apps.lower() else _share(wanted, secrets.token_hex(6))
