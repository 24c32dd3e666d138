"""Who is let into a Service Bus namespace, seen by Azure's own client."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from azure.servicebus.exceptions import ServiceBusError

from azure_sandbox.networks import APPS, NamespaceDoor, NetworkRules
from azure_sandbox.service_bus import agent_of
from support.service_bus import FAST, client_for, connection_string

from .test_service_bus import Bus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.certificates import TlsFiles

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/apps"


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Bus]:
    with closing(Bus(tmp_path_factory.mktemp("networks"), tls)) as found:
        found.access.subnets["/app"] = SUBNET
        yield found


class TestNetworks:
    """Network rules come before keys and roles, and hold for each new token."""

    @pytest.fixture(autouse=True)
    def open_again(self, bus: Bus) -> Iterator[None]:
        yield
        bus.access.let_in = NamespaceDoor()

    def said(self, bus: Bus, app: str = "") -> str:
        """What the namespace says to a sender with a key; nothing when it lets the sender in."""
        text = connection_string(bus.host, "root", "first-key")
        with client_for(text, bus.host, bus.tls.ca_file, user_agent=agent_of(app) if app else None) as client:
            try:
                with client.get_queue_sender("orders", **FAST) as sender:
                    sender.create_message_batch()
            except ServiceBusError as error:
                return str(error.inner_exception)
        return ""

    def test_who_comes_from_elsewhere_is_not_let_in(self, bus: Bus) -> None:
        """In the service's words; an address that is let in is."""
        bus.access.let_in = NamespaceDoor(network=NetworkRules(open_to_all=False, addresses=(APPS,)))

        assert "Ip has been prevented to connect to the endpoint." in self.said(bus)
        assert "" == self.said(bus, "/another")

    def test_an_app_comes_in_through_its_subnet(self, bus: Bus) -> None:
        """Or through a private endpoint in its network, where nobody else gets in."""
        subnets = NetworkRules(open_to_all=False, subnets=frozenset({SUBNET.lower()}))
        private = NetworkRules(public=False, private_networks=frozenset({SUBNET.lower().partition("/subnets/")[0]}))
        for rules in (subnets, private):
            bus.access.let_in = NamespaceDoor(network=rules)

            assert "" == self.said(bus, "/app")
            assert "Ip has been prevented" in self.said(bus, "/another")
