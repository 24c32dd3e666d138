"""Apps beside the one that is removed, and what they run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.provision.nouns import same_id

if TYPE_CHECKING:
    from collections.abc import Iterable


def apps_of(sites: Iterable[Any], identity_id: str) -> tuple[str, ...]:
    """Ids of those of the apps that run as an identity."""
    return tuple(str(site.id) for site in sites if runs_as(site, identity_id))


def runs_as(site: Any, identity_id: str) -> bool:
    """Whether an app runs as an identity; False for one that is not there."""
    held = site and site.identity and site.identity.user_assigned_identities
    return any(same_id(one, identity_id) for one in held or ())
