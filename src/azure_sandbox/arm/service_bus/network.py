"""The network rule set of a namespace: there is one, `default`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.service_bus.errors import bad_namespace
from azure_sandbox.networks import NetworkRules

if TYPE_CHECKING:
    from azure_sandbox.arm.store import Resource

_DEFAULTS: dict[str, Any] = {
    "publicNetworkAccess": "Enabled",
    "defaultAction": "Allow",
    "virtualNetworkRules": [],
    "ipRules": [],
    "trustedServiceAccessEnabled": False,
}


def read_network(properties: dict[str, Any], tier: str) -> dict[str, Any]:
    """The properties that a PUT asks for.

    Raises:
        ArmError: The tier has no rules, or an address is none. (Only Premium has them:
            learn.microsoft.com/azure/service-bus-messaging/network-security)
    """
    wanted = {
        **_DEFAULTS,
        **{name: value for name, value in properties.items() if name in _DEFAULTS and value is not None},
    }
    if tier != "Premium" and wanted != _DEFAULTS:
        message = "Network rules are supported in the Premium tier only."
        raise bad_namespace(message)
    for rule in wanted["ipRules"]:
        try:
            ipaddress.ip_network(str(rule.get("ipMask")), strict=False)
        except ValueError as error:
            message = f"The ipMask '{rule.get('ipMask')}' is not valid."
            raise bad_namespace(message) from error
    return wanted


def network_rules(namespace: Resource, network: dict[str, Any], private_networks: frozenset[str]) -> NetworkRules:
    """Whom a namespace lets in.

    As long as there is no rule for an address or a subnet, everybody is let in, whatever `defaultAction` says.
    (learn.microsoft.com/azure/service-bus-messaging/service-bus-ip-filtering)
    """
    rules = [*network["ipRules"], *network["virtualNetworkRules"]]
    return NetworkRules(
        public=str(namespace.properties["publicNetworkAccess"]).lower() == "enabled",
        open_to_all=not rules or network["defaultAction"].lower() == "allow",
        addresses=tuple(str(rule["ipMask"]) for rule in network["ipRules"]),
        subnets=frozenset(str(rule["subnet"]["id"]).lower() for rule in network["virtualNetworkRules"]),
        private_networks=private_networks,
    )
