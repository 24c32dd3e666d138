"""What two sites exchange in a swap, and what stays where it is.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots#which-settings-are-swapped lists it. Its versions
differ in two points: whether general settings beside the language stack move, and whether a virtual network does where
the request does not say `preserveVnet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.web.site import Held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.arm.web.site import Site

PULL = frozenset({"acrUseManagedIdentityCreds", "acrUserManagedIdentityID"})
""""Managed identities and related settings": MicrosoftDocs/azure-docs#91449 saw them stay."""
STAY = PULL | {
    "alwaysOn",
    "cors",
    "detailedErrorLoggingEnabled",
    "functionAppScaleLimit",
    "httpLoggingEnabled",
    "ipSecurityRestrictions",
    "logsDirectorySizeLimit",
    "minTlsVersion",
    "minimumElasticInstanceCount",
    "numberOfWorkers",
    "preWarmedInstanceCount",
    "publicNetworkAccess",
    "requestTracingEnabled",
    "scmIpSecurityRestrictions",
    "scmMinTlsVersion",
    "vnetName",
    "vnetRouteAllEnabled",
}
"""Of the configuration: scale, networks, TLS, diagnostics, Always On. Identities and publishing policies stay, too."""
NETWORK = (
    "virtualNetworkSubnetId",
    "outboundVnetRouting",
    "vnetRouteAllEnabled",
    "vnetImagePullEnabled",
    "vnetContentShareEnabled",
    "vnetBackupRestoreEnabled",
)
"""Of the site itself: the network that it has joined."""
_STAYING_SUFFIX = "_EXTENSION_VERSION"
_OVERRIDE = "WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS"
"""With 0 or false in every slot, all that stays by default moves, but for what belongs to identities."""


@dataclass(frozen=True, slots=True)
class Sticky:
    """Names, in lower case, of what belongs to a slot."""

    settings: frozenset[str]
    connection_strings: frozenset[str]
    mounts: frozenset[str]

    @classmethod
    def of(cls, names: Mapping[str, Any]) -> Sticky:
        """Those of `slotConfigNames`."""
        kinds = ("appSettingNames", "connectionStringNames", "azureStorageConfigNames")
        return cls(*(frozenset(name.lower() for name in names.get(kind) or ()) for kind in kinds))


def exchanged(source: Site, target: Site, sticky: Sticky, stays: frozenset[str] = STAY) -> tuple[Held, Held]:
    """What the target and what the source will hold.

    Args:
        source: One site.
        target: The other.
        sticky: What belongs to a slot.
        stays: Names of what stays of the configuration.
    """
    stays = stays & PULL if all(_overrides(site) for site in (source, target)) else stays
    return _taken(target, source, sticky, stays), _taken(source, target, sticky, stays)


def exchange_networks(one: Resource, other: Resource) -> None:
    """Let two sites join each other's network."""
    for name in NETWORK:
        ours, theirs = one.properties.pop(name, None), other.properties.pop(name, None)
        for site, value in ((one, theirs), (other, ours)):
            if value is not None:
                site.properties[name] = value


def _overrides(site: Site) -> bool:
    return site.settings.get(_OVERRIDE, "").lower() in {"0", "false"}


def _taken(here: Site, other: Site, sticky: Sticky, stays: frozenset[str]) -> Held:
    suffixed = {name.lower() for name in (*here.settings, *other.settings) if name.upper().endswith(_STAYING_SUFFIX)}
    return Held(
        {**other.config, **{name: here.config[name] for name in stays & here.config.keys()}},
        _joined(here.settings, other.settings, sticky.settings | suffixed),
        _joined(here.connection_strings, other.connection_strings, sticky.connection_strings),
        _joined(here.mounts, other.mounts, sticky.mounts),
    )


def _joined(here: dict[str, Any], other: dict[str, Any], sticky: frozenset[str]) -> dict[str, Any]:
    arriving = {name: value for name, value in other.items() if name.lower() not in sticky}
    staying = {name: value for name, value in here.items() if name.lower() in sticky}
    return {**arriving, **staying}
