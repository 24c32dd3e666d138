"""A live function app, as it was observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ObservedSite:
    """A live app as Resource Manager's first answer shows it.

    Attributes:
        kind: `functionapp,linux,container`.
        location: Of its plan.
        tier: Of its plan: `ElasticPremium`.
        identity_type: `UserAssigned`, `SystemAssigned, UserAssigned`, `SystemAssigned` or empty.
        identity_ids: ARM ids of its user-assigned identities.
        identity_clients: Their client ids, by lower-case ARM id.
        state: `Running`, `Stopped`.
        tags: Its tags.
    """

    id: str
    kind: str
    location: str
    tier: str
    plan_id: str
    host_name: str
    identity_type: str
    identity_ids: tuple[str, ...]
    identity_clients: Mapping[str, str]
    state: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ObservedApp:
    """A live function app.

    Attributes:
        kind: `functionapp,linux,container`.
        identity_type: `UserAssigned`, `SystemAssigned, UserAssigned`, `SystemAssigned` or empty.
        identity_ids: ARM ids of its user-assigned identities.
        identity_clients: Their client ids, by ARM id in lower case, as the app knows them.
        runs: linuxFxVersion: `DOCKER|...`.
        pull_identity: Client id of the identity that pulls the image; empty when it is not pulled by one.
        settings: Every app setting. The values are secrets.
        tags: Its tags.
        pulls_by_identity: Whether an identity pulls the image; the app's own when `pull_identity` is empty.
    """

    id: str
    kind: str
    plan_id: str
    host_name: str
    identity_type: str
    identity_ids: tuple[str, ...]
    runs: str
    pull_identity: str
    settings: Mapping[str, str] = field(repr=False)
    pulls_by_identity: bool = False
    identity_clients: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
