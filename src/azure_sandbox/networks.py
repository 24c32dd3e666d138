"""Network rules of what holds data: whom storage accounts and Service Bus namespaces let in, whatever key one has."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

OUTSIDE = "203.0.113.10"
"""The public address of whoever is no app of the sandbox: of its user, and of the runner. (RFC 5737: nobody's.)"""
APPS = "203.0.113.20"
"""The public address of the apps that have joined no network."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from.

    Attributes:
        address: Its public address; None where such addresses do not count.
        subnet: The ARM id of the subnet that an app has joined; empty for everybody else.
    """

    address: str | None
    subnet: str = ""


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """Who is let in.

    Attributes:
        public: Whether anybody but private endpoints is: `publicNetworkAccess`.
        open_to_all: Whether it is everybody; those below else.
        addresses: Addresses and ranges.
        subnets: ARM ids, in lower case.
        private_networks: ARM ids, in lower case, of virtual networks with a private endpoint.
    """

    public: bool = True
    open_to_all: bool = True
    addresses: tuple[str, ...] = ()
    subnets: frozenset[str] = frozenset()
    private_networks: frozenset[str] = frozenset()

    def let_in(self, caller: Caller) -> bool:
        """Whether a caller gets as far as showing a key or a token."""
        subnet = caller.subnet.lower()
        if subnet and subnet.partition("/subnets/")[0] in self.private_networks:
            return True
        if not self.public:
            return False
        if self.open_to_all or (subnet and subnet in self.subnets):
            return True
        # Out of a subnet traffic has no public address of the app's.
        return not subnet and any(_within(caller.address, rule) for rule in self.addresses)


@dataclass(frozen=True, slots=True)
class NamespaceDoor:
    """Whom a namespace lets in at all.

    Attributes:
        takes_keys: Whether signatures by its keys count: `disableLocalAuth`.
        network: From where one may come.
    """

    takes_keys: bool = True
    network: NetworkRules = field(default_factory=NetworkRules)


def _within(address: str | None, rule: str) -> bool:
    return address is not None and ipaddress.ip_address(address) in ipaddress.ip_network(rule, strict=False)
