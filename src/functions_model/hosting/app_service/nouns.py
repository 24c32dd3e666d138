"""What is known of a live app and its slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions_model.provision.observed import FoundApp, LiveApp, Piece

RESOLVER = "keyVaultReferenceIdentity"
"""The site's property. learn.microsoft.com/azure/app-service/app-service-key-vault-references writes it by PATCH, as
hashicorp/terraform-provider-azurerm has it in web/2023-12-01/webapps/model_sitepatchresourceproperties.go:35."""


IMAGE = "DOCKER|"
"""What App Service writes before an image."""


def image_in(runs: str) -> str:
    """The image, without what App Service writes before it in linuxFxVersion."""
    return runs.removeprefix(IMAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedSite(FoundApp):
    """A live app, or a slot, as Resource Manager's first answer shows it.

    Attributes:
        kind: `functionapp,linux,container`.
        identity_type: `UserAssigned`, `SystemAssigned, UserAssigned`, `SystemAssigned` or empty.
        identity_ids: ARM ids of its user-assigned identities.
        identity_clients: Their client ids, by ARM id in lower case, as the app knows them.
        tier: Of its plan: `ElasticPremium`. What follows does not count when two are compared: times are among it.
        state: `Running`, `Stopped`.
        properties: All that its own answer says.
    """

    kind: str
    plan_id: str
    identity_type: str
    identity_ids: tuple[str, ...]
    identity_clients: Mapping[str, str] = field(default_factory=dict)
    tier: str = field(default="", compare=False)
    state: str = field(default="", compare=False)
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def shows(self) -> str:
        """linuxFxVersion, as its own answer has it; empty where it has none."""
        return str((self.properties.get("siteConfig") or {}).get("linuxFxVersion") or "")

    @classmethod
    def nouns(cls) -> tuple[type[Piece], ...]:
        """Also as what any host finds."""
        return ObservedSite, FoundApp


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedApp(ObservedSite, LiveApp):
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

    @classmethod
    def nouns(cls) -> tuple[type[Piece], ...]:
        """Also as what any host has live."""
        return ObservedApp, LiveApp

    @property
    def image(self) -> str:
        """What it runs, without what App Service writes before it."""
        return image_in(self.runs)

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


@dataclass(frozen=True, slots=True)
class Belongings:
    """Those of an app, or of a slot.

    Attributes:
        strings: Connection strings by name, each with its `value`, a secret, and its `type`.
        mounts: Storage that is mounted, by name, each with its `accessKey`, a secret.
    """

    strings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    mounts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values among them."""
        values = [one.get("value") for one in self.strings.values()]
        keys = [one.get("accessKey") for one in self.mounts.values()]
        return tuple(str(secret) for secret in (*values, *keys) if secret)


NONE = Belongings()


@dataclass(frozen=True, slots=True)
class ObservedSlot(Piece):
    """The deployment slot of a live function app.

    Attributes:
        app: The slot; None when it is not there.
        others: Names of the app's other slots, production left out.
        sticky: Names of the settings that belong to a slot and are not swapped.
        sticky_others: The same of connection strings, and of mounts.
        of_app: The app's connection strings and mounts.
        own: The slot's.
    """

    app: ObservedApp | None
    others: tuple[str, ...] = ()
    sticky: tuple[str, ...] = ()
    sticky_others: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    of_app: Belongings = NONE
    own: Belongings = NONE


def known_app(app: LiveApp) -> ObservedApp:
    """A live app of this host, as what it is.

    Raises:
        TypeError: It is one of another host: an error of the caller.
    """
    if not isinstance(app, ObservedApp):
        message = f"{app.id} is no app of this host"
        raise TypeError(message)
    return app
