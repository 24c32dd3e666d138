"""Service Bus namespaces as an app's settings name them: opened with a key, or with one of the app's identities."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusClient, TransportType
from azure.servicebus.aio import ServiceBusClient as AsyncServiceBusClient

from azure_sandbox.apps.storage_accounts import identity_of
from azure_sandbox.service_bus import agent_of

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.contract import Directory, SiteDefinition
    from azure_sandbox.functions_host.connections import Connection

AUDIENCE = "https://servicebus.azure.net"
_TOKEN_SECONDS = 3600


class NamespaceRefused(Exception):
    """An app's connection leads to no namespace. The text says why."""


class NoSuchHost(NamespaceRefused):
    """Nobody has the name that it names."""


class ServiceBusDoor:
    """Lets an app into a namespace that one of its connections names. What it may do there, the broker says.

    Args:
        directory: Issues the tokens of the apps' identities.
        ca_file: Whose certificates the namespaces show.
    """

    def __init__(self, directory: Directory, ca_file: Path) -> None:
        self._directory = directory
        self._ca_file = ca_file

    def client(self, site: SiteDefinition, connection: Connection) -> ServiceBusClient:
        """A client for threads.

        Raises:
            NamespaceRefused: The connection leads nowhere.
            ValueError: It is a text that is no connection string.
        """
        if connection.text:
            options = self._options(_endpoint(connection.text), site)
            return ServiceBusClient.from_connection_string(connection.text, **options)
        host, identity = self._by_identity(site, connection)
        return ServiceBusClient(host, _Credential(self._directory, identity), **self._options(host, site))

    def async_client(self, site: SiteDefinition, connection: Connection) -> AsyncServiceBusClient:
        """A client for an event loop.

        Raises:
            NamespaceRefused: The connection leads nowhere.
            ValueError: It is a text that is no connection string.
        """
        if connection.text:
            options = self._options(_endpoint(connection.text), site)
            return AsyncServiceBusClient.from_connection_string(connection.text, **options)
        host, identity = self._by_identity(site, connection)
        return AsyncServiceBusClient(host, _AsyncCredential(self._directory, identity), **self._options(host, site))

    @staticmethod
    def host(connection: Connection) -> str:
        """The namespace that a connection names."""
        return _endpoint(connection.text) if connection.text else connection.parts.get("fullyqualifiednamespace", "")

    def _by_identity(self, site: SiteDefinition, connection: Connection) -> tuple[str, str]:
        host = connection.parts.get("fullyqualifiednamespace", "")
        principal = identity_of(site, connection.parts.get("clientid"))
        if principal is None:
            message = "ManagedIdentityCredential authentication failed: the app has no such identity. Status: 400"
            raise NamespaceRefused(message)
        return host, principal.client_id

    def _options(self, host: str, site: SiteDefinition) -> dict[str, Any]:
        """The port is the namespace's own, which the client takes from a custom endpoint alone."""
        if urlsplit(f"//{host}").hostname != "localhost":
            message = f"No such host is known. ({host})"
            raise NoSuchHost(message)
        return {
            "custom_endpoint_address": f"sb://{host}",
            "transport_type": TransportType.Amqp,
            "connection_verify": str(self._ca_file),
            "retry_total": 0,
            "user_agent": agent_of(site.resource_id),
        }


@dataclass(frozen=True, slots=True)
class _Credential:
    directory: Directory
    client_id: str

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        token = self.directory.issue_token(self.client_id, AUDIENCE)
        return AccessToken(token, int(time.time()) + _TOKEN_SECONDS)


class _AsyncCredential:
    def __init__(self, directory: Directory, client_id: str) -> None:
        self._credential = _Credential(directory, client_id)

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return self._credential.get_token()

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


def _endpoint(text: str) -> str:
    """`localhost:PORT` of a connection string.

    Raises:
        ValueError: It names none.
    """
    parts = {name.strip().lower(): value for name, _, value in (part.partition("=") for part in text.split(";"))}
    if found := urlsplit(parts.get("endpoint", "")).netloc:
        return found
    message = "The connection string used for an Service Bus client must specify the Service Bus namespace host."
    raise ValueError(message)
