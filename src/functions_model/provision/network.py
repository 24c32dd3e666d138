"""Who is let into what holds an app's data, whatever key or token one has: the rules, as they were observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an app's requests come from.

    Attributes:
        subnet: ARM id, in lower case, of the subnet that it has joined; empty when it has joined none.
        region: As the service spells it.
        addresses: Its own; None when they are not known, as of an app that is not there yet.
        behind: Where it comes from that no rule shows, a clause; empty for an app that comes from Azure or its subnet.
    """

    subnet: str = ""
    region: str = ""
    addresses: tuple[str, ...] | None = None
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """Who is let in.

    Attributes:
        public: Whether anybody but private endpoints is: `publicNetworkAccess`.
        open_to_all: Whether it is everybody; those below else.
        subnets: ARM ids, in lower case.
        addresses: Addresses and ranges.
        own_region: Rules for addresses do not hold for whoever comes from this region; empty when they hold for all.
        has_endpoints: There are private endpoints.
        has_others: There are exceptions of another kind: for instances of a service.
        untold: Why its rules are not known, a clause; empty when they are.
    """

    public: bool = True
    open_to_all: bool = True
    subnets: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()
    own_region: str = ""
    has_endpoints: bool = False
    has_others: bool = False
    untold: str = ""


OPEN = Network()
"""That of what is made without rules."""


def is_public(access: Any) -> bool:
    """Whether `publicNetworkAccess` says so; nothing said means yes."""
    return _text(access or "Enabled").lower() == "enabled"


def perimeter(access: Any) -> str:
    """Who else decides, a clause; empty when nobody does. `SecuredByPerimeter` is the third value of its kind.

    https://learn.microsoft.com/javascript/api/@azure/arm-storage/publicnetworkaccess.
    """
    return "a network security perimeter decides" if _text(access or "").lower() == "securedbyperimeter" else ""


def allows(action: Any) -> bool:
    """Whether `defaultAction` says so; nothing said means yes."""
    return _text(action or "Allow").lower() == "allow"


def approved(connections: Any) -> bool:
    """Whether there is a private endpoint among the connections that somebody has approved."""
    states = (one.private_link_service_connection_state for one in connections or ())
    return any(state is not None and _text(state.status).lower() == "approved" for state in states)


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
