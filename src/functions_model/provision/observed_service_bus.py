"""What is there of Service Bus: the namespace and its queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.provision.network import OPEN, Network

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ObservedNamespace:
    """A live Service Bus namespace.

    Attributes:
        id: The ARM id.
        host: Its host name, with a port when that is not 443.
        sku: `Basic`, `Standard` or `Premium`.
        status: `Active`, `Activating`, `Disabled` and the like.
        takes_keys: Its access rules' keys open it.
        is_ours: This tool made it.
        location: Its region, as the service spells it; empty when it is not said.
        network: Who is let in.
    """

    id: str
    host: str
    sku: str
    status: str
    takes_keys: bool = True
    is_ours: bool = False
    location: str = ""
    network: Network = OPEN


@dataclass(frozen=True, slots=True)
class ObservedQueue:
    """A live Service Bus queue.

    Attributes:
        requires_session: Messages must belong to sessions.
        forward_to: The queue or topic that its messages move on to; empty when they stay.
        status: `Active`, `Disabled`, `SendDisabled`, `ReceiveDisabled`.
    """

    requires_session: bool
    forward_to: str
    status: str


@dataclass(frozen=True, slots=True)
class ObservedQueues:
    """The Service Bus queues, of those wanted, that are there, by name."""

    by_name: Mapping[str, ObservedQueue]


NO_QUEUES = ObservedQueues({})
