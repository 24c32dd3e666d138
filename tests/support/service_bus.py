"""Azure's own Service Bus client, pointed at the sandbox's broker."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypedDict

from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusClient, TransportType

if TYPE_CHECKING:
    from pathlib import Path

    from azure.core.credentials import TokenCredential
    from azure.servicebus import ServiceBusReceiver, ServiceBusSender


class Fast(TypedDict):
    """Options of senders and receivers, in seconds."""

    socket_timeout: float
    keep_alive: int


class Brief(Fast):
    """Options of receivers, too."""

    prefetch_count: int


FAST: Fast = {"socket_timeout": 0.02, "keep_alive": 0}
"""For senders and receivers: the client looks every 20 ms, not every 200 ms, and a sender closes at once."""

BRIEF: Brief = {**FAST, "prefetch_count": 1}
"""For receivers that are closed soon: with a prefetch the client starts no thread that it then waits for."""


def client_for(
    credential: str | TokenCredential, host: str, ca_file: Path, user_agent: str | None = None
) -> ServiceBusClient:
    """A client of the namespace at `localhost:PORT`. It tries once.

    Args:
        credential: A connection string, or what gives Entra access tokens.
        host: What `create_namespace` gave. The client takes a port from a custom endpoint alone.
        ca_file: The sandbox's certificate authority.
        user_agent: How the client calls itself, beside its own name.
    """
    options: dict[str, Any] = {
        "custom_endpoint_address": f"sb://{host}",
        "transport_type": TransportType.Amqp,
        "connection_verify": str(ca_file),
        "retry_total": 0,
        "user_agent": user_agent,
    }
    if isinstance(credential, str):
        return ServiceBusClient.from_connection_string(credential, **options)
    return ServiceBusClient(host, credential, **options)


def connection_string(host: str, rule: str, key: str) -> str:
    """A namespace's connection string, as `listKeys` gives it."""
    return f"Endpoint=sb://{host}/;SharedAccessKeyName={rule};SharedAccessKey={key}"


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A credential that always gives this token."""

    token: str

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


class Links:
    """Senders and receivers that stay open, since opening one takes the client half a second."""

    def __init__(self, client: ServiceBusClient) -> None:
        self.client = client
        self._senders: dict[str, ServiceBusSender] = {}
        self._receivers: dict[tuple[str, object], ServiceBusReceiver] = {}

    def sender(self, queue: str) -> ServiceBusSender:
        if queue not in self._senders:
            self._senders[queue] = self.client.get_queue_sender(queue, **FAST).__enter__()
        return self._senders[queue]

    def receiver(self, queue: str, sub_queue: Any = None) -> ServiceBusReceiver:
        if (queue, sub_queue) not in self._receivers:
            receiver = self.client.get_queue_receiver(queue, sub_queue=sub_queue, **FAST)
            self._receivers[queue, sub_queue] = receiver.__enter__()
        return self._receivers[queue, sub_queue]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        opened = [*self._senders.values(), *self._receivers.values()]
        with ThreadPoolExecutor() as pool:  # each receiver waits half a second for a thread of its own
            list(pool.map(lambda link: link.close(), opened))
        self.client.close()
