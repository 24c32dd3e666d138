"""Messages that functions send: one open sender for each queue."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient, ServiceBusSender

    from azure_sandbox.apps.service_bus_access import ServiceBusDoor
    from azure_sandbox.contract import SiteDefinition
    from azure_sandbox.functions_host.connections import Connection

_LOOK_SECONDS, _PATIENT_SECONDS = 0.02, 30.0
"""The client looks for answers that often, and gives up a write after the same time: too short for a large message."""
_LARGE = 1 << 20
"""Bytes from which a message goes through a sender of its own, opened for it with more patience."""
_PARENT = "$AzureWebJobsParentId"
"""Property that tells which invocation sent a message."""


class Senders:
    """One app's senders; close it to close them.

    Args:
        site: The app.
        door: Lets it into namespaces.
    """

    def __init__(self, site: SiteDefinition, door: ServiceBusDoor) -> None:
        self._site = site
        self._door = door
        self._open: dict[tuple[str, str], tuple[ServiceBusClient, ServiceBusSender]] = {}
        self._lock = threading.Lock()

    def send(self, connection: Connection, queue: str, content: bytes, *, text: bool, invocation: str) -> None:
        """Send one message. A connection that was lost meanwhile is opened again, once.

        Raises:
            NamespaceRefused: The connection leads nowhere.
            AzureError: There is no such queue, the app may not send to it, or the message is too large.
        """
        kind = "text/plain" if text else "application/octet-stream"
        message = ServiceBusMessage(content, content_type=kind, application_properties={_PARENT: invocation})
        if len(content) >= _LARGE:
            self._send_large(connection, queue, message)
            return
        with self._lock:
            known = (connection.name, queue) in self._open
            try:
                self._sender(connection, queue).send_messages(message)
            except AzureError:
                self._drop(connection, queue)
                if not known:
                    raise
                self._sender(connection, queue).send_messages(message)

    def close(self) -> None:
        """Close every sender."""
        with self._lock:
            opened, self._open = list(self._open.values()), {}
        for client, sender in opened:
            _close(client, sender)

    def _send_large(self, connection: Connection, queue: str, message: ServiceBusMessage) -> None:
        client = self._door.client(self._site, connection)
        sender = client.get_queue_sender(queue, socket_timeout=_PATIENT_SECONDS, keep_alive=0)
        try:
            sender.send_messages(message)
        finally:
            _close(client, sender)

    def _sender(self, connection: Connection, queue: str) -> ServiceBusSender:
        found = self._open.get((connection.name, queue))
        if found is None:
            client = self._door.client(self._site, connection)
            # Without `keep_alive` it starts no thread of its own.
            sender = client.get_queue_sender(queue, socket_timeout=_LOOK_SECONDS, keep_alive=0)
            try:
                # Asks the broker for the largest message: a refusal comes now and not with the first message.
                sender.create_message_batch()
            except BaseException:
                _close(client, sender)
                raise
            found = self._open[connection.name, queue] = (client, sender)
        return found[1]

    def _drop(self, connection: Connection, queue: str) -> None:
        found = self._open.pop((connection.name, queue), None)
        if found:
            _close(*found)


def _close(client: ServiceBusClient, sender: ServiceBusSender) -> None:
    socket = _socket(sender)
    with contextlib.suppress(AzureError, OSError):
        sender.close()
        client.close()
    if socket is not None:
        # Where the broker is gone, the client fails to say good-bye, and leaves it open.
        socket.close()


def _socket(sender: Any) -> Any:
    """The socket below an open sender; None where there is none. The client has no name for it."""
    connection = getattr(getattr(sender, "_handler", None), "_connection", None)
    return getattr(getattr(connection, "_transport", None), "sock", None)
