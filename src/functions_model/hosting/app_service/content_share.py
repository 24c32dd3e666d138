"""The share that holds an app's content where its plan is elastic, and the setting that leads to it."""

from __future__ import annotations

import hashlib
import secrets

from functions_model.hosting.app_service.plan_sizes import ELASTIC, ObservedPlan, tier_of
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed
from functions_model.provision.settings.host_storage import account_setting, is_set_by_others, leads_to_ours

CONTENT_STORAGE = "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"
CONTENT_SHARE = "WEBSITE_CONTENTSHARE"
_LONGEST_SHARE = 63
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-shares--directories--files--and-metadata."""


def content_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """As `az functionapp create` sets them, with keys alone; nothing where others have set the host's storage."""
    if not wanted.by_keys or is_set_by_others(wanted, observed) or not _is_elastic(wanted, observed):
        return {}
    return {
        CONTENT_STORAGE: account_setting(CONTENT_STORAGE, wanted.resources.storage_account, observed),
        CONTENT_SHARE: observed.live_settings.get(CONTENT_SHARE) or _share_name(wanted),
    }


def obsolete_content(wanted: Wanted, observed: Observed) -> frozenset[str]:
    """What is left over when the app comes to an identity: a share that it does not need, in our account."""
    ours = leads_to_ours(wanted, observed.live_settings.get(CONTENT_STORAGE, ""))
    left_over = ours and not wanted.by_keys and not is_set_by_others(wanted, observed)
    return frozenset({CONTENT_STORAGE, CONTENT_SHARE}) if left_over else frozenset()


def slots_share(wanted: Wanted, apps: str, slots: str) -> str:
    """A content share for a slot: what it has, unless that is the app's; else a new one.

    A swap moves it with its content, so that no slot's name can be in it.

    Args:
        wanted: Names the app.
        apps: The share that the app has.
        slots: The share that the slot has; empty when it has none.
    """
    return slots if slots and slots.lower() != apps.lower() else _share(wanted, secrets.token_hex(6))


def _is_elastic(wanted: Wanted, observed: Observed) -> bool:
    live = observed.of(ObservedPlan)
    tier = live.tier if live else tier_of(wanted.target.hosting.sku) or ""
    return tier.lower() == ELASTIC.lower()


def _share_name(wanted: Wanted) -> str:
    """The app's name and twelve letters, as `az` makes it; theirs are random, ours the same in every run."""
    return _share(wanted, hashlib.sha256(f"{wanted.names.group_id}/{wanted.names.app}".lower().encode()).hexdigest())


def _share(wanted: Wanted, letters: str) -> str:
    return f"{wanted.names.app.lower()[: _LONGEST_SHARE - 13]}{letters[:12]}"
