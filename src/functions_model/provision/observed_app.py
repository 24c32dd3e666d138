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
    """A live app, or a slot, as Resource Manager's first answer shows it.

    Attributes:
        kind: `functionapp,linux,container`.
        identity_type: `UserAssigned`, `SystemAssigned, UserAssigned`, `SystemAssigned` or empty.
        identity_ids: ARM ids of its user-assigned identities.
        identity_clients: Their client ids, by ARM id in lower case, as the app knows them.
        tags: Its tags.
        location: Of its plan. What follows does not count when two are compared: times are among it.
        tier: Of its plan: `ElasticPremium`.
        state: `Running`, `Stopped`.
        properties: All that its own answer says.
    """

    id: str
    kind: str
    plan_id: str
    host_name: str
    identity_type: str
    identity_ids: tuple[str, ...]
    identity_clients: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    location: str = field(default="", compare=False)
    tier: str = field(default="", compare=False)
    state: str = field(default="", compare=False)
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedApp(ObservedSite):
    """A live function app, or a slot, whole.

    Attributes:
        runs: linuxFxVersion: `DOCKER|...`.
        settings: Every app setting. The values are secrets.
        pull_identity: Client id of the identity that pulls the image; empty when it is not pulled by one.
        pulls_by_identity: Whether an identity pulls the image; the app's own when `pull_identity` is empty.
        config: All of `config/web`. It does not count when two are compared, either.
    """

    runs: str
    settings: Mapping[str, str] = field(repr=False)
    pull_identity: str = ""
    pulls_by_identity: bool = False
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
