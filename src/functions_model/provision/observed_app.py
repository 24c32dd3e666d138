"""A live function app, as it was observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RESOLVER = "keyVaultReferenceIdentity"
"""The site's property. learn.microsoft.com/azure/app-service/app-service-key-vault-references writes it by PATCH, as
hashicorp/terraform-provider-azurerm has it in web/2023-12-01/webapps/model_sitepatchresourceproperties.go:35."""


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
        properties: All that its own answer says.
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
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


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
        properties: All that its own answer says.
        config: All of `config/web`. Neither of these two counts when two are compared: times are among them.
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
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def container_log(self) -> bool:
        """Whether what its container writes is kept."""
        return self.config.get("httpLoggingEnabled") is not False

    @property
    def has_own_identity(self) -> bool:
        """Whether it has a system-assigned identity, alone or beside others."""
        return "systemassigned" in self.identity_type.lower()

    @property
    def resolver(self) -> str:
        """Who resolves its references to Key Vault: the ARM id of an identity, or `SystemAssigned`."""
        return str(self.properties.get(RESOLVER) or "SystemAssigned")

    @property
    def resolves(self) -> bool:
        """Whether it has that identity."""
        wanted = self.resolver.lower()
        return (
            self.has_own_identity
            if wanted == "systemassigned"
            else wanted in {held.lower() for held in self.identity_ids}
        )
