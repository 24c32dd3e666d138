"""Queues that their owner has switched off, seen by Azure's own client."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import MessagingEntityDisabledError, ServiceBusError

from support.service_bus import Links

from .test_service_bus import Bus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.certificates import TlsFiles


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Bus]:
    with closing(Bus(tmp_path_factory.mktemp("disabled"), tls)) as found:
        yield found


class TestDisabledQueues:
    """A queue that its owner has switched off, for one of its two sides or both."""

    @pytest.mark.parametrize(("status", "gives"), [("Disabled", False), ("ReceiveDisabled", False), ("Active", True)])
    def test_give_nothing(self, bus: Bus, status: str, *, gives: bool) -> None:
        """A receiver is closed with the reason, or gets what waits."""
        bus.define("halted")
        with Links(bus.client()) as links:
            links.sender("halted").send_messages(ServiceBusMessage("waits"))
        bus.define("halted", status=status)

        with Links(bus.client()) as links:
            receiver = links.receiver("halted")
            if gives:
                assert receiver.receive_messages(max_wait_time=5)
            else:
                with pytest.raises(MessagingEntityDisabledError, match="is currently disabled"):
                    receiver.receive_messages(max_wait_time=5)

    def test_take_nothing(self, bus: Bus) -> None:
        """A sender that was open is closed; another one is told why."""
        bus.define("shut")
        with Links(bus.client()) as links:
            links.sender("shut").send_messages(ServiceBusMessage("first"))
            bus.define("shut", status="SendDisabled")
            with pytest.raises(ServiceBusError):
                links.sender("shut").send_messages(ServiceBusMessage("second"))

        with Links(bus.client()) as links, pytest.raises(MessagingEntityDisabledError, match="is currently disabled"):
            links.sender("shut").send_messages(ServiceBusMessage("third"))
