"""What two sites exchange in a swap, and what stays where it is.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots#what-happens-during-a-swap lists it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure_sandbox.arm.web.state import Site

_STAY = frozenset(
    {
        "alwaysOn",
        "cors",
        "functionAppScaleLimit",
        "ipSecurityRestrictions",
        "minTlsVersion",
        "minimumElasticInstanceCount",
        "numberOfWorkers",
        "preWarmedInstanceCount",
        "publicNetworkAccess",
        "scmIpSecurityRestrictions",
        "scmMinTlsVersion",
        "vnetName",
        "vnetRouteAllEnabled",
    }
)
"""Of the configuration: scale, networks, TLS, Always On. Identities and publishing policies stay, too."""
_STAYING_SUFFIX = "_EXTENSION_VERSION"

Exchanged = tuple[dict[str, Any], dict[str, str]]
"""Configuration and settings."""


def exchanged(source: Site, target: Site, sticky: frozenset[str]) -> tuple[Exchanged, Exchanged]:
    """What the target and what the source will hold.

    Args:
        source: One site.
        target: The other.
        sticky: Names of the settings that belong to a slot, in lower case.
    """
    return _taken(target, source, sticky), _taken(source, target, sticky)


def _taken(here: Site, other: Site, sticky: frozenset[str]) -> Exchanged:
    config = {**other.config, **{name: here.config[name] for name in _STAY & here.config.keys()}}
    arriving = {name: value for name, value in other.settings.items() if not _stays(name, sticky)}
    staying = {name: value for name, value in here.settings.items() if _stays(name, sticky)}
    return config, {**arriving, **staying}


def _stays(name: str, sticky: frozenset[str]) -> bool:
    return name.lower() in sticky or name.upper().endswith(_STAYING_SUFFIX)
