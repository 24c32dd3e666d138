"""Namespaces and their queues, served over AMQP by one process of Node.js."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure_sandbox.base_images.cache import cache_folder
from azure_sandbox.contract import QueueCounts
from azure_sandbox.node import NodeUnavailable, install_packages
from azure_sandbox.service_bus.channel import Channel, ChannelBroken
from azure_sandbox.service_bus.claims import (
    Claim,
    ClaimRefused,
    check_address,
    claim_of_access_token,
    claim_of_signature,
    is_signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Directory, QueueDefinition, RoleBook, ServiceBusAccess

RHEA = "3.0.5"
_PACKAGES = (f"rhea@{RHEA}", "debug@4.4.3", "ms@2.1.3")
"""rhea speaks AMQP 1.0. The other two are all that it needs."""
_APP = "sandbox-app:"
_SCRIPT = Path(__file__).parent / "amqp" / "broker.js"


class ServiceBusUnavailable(Exception):
    """The broker cannot be installed or started, or has ended. The text says why and what to do."""


class ServiceBusBroker:
    """Serves namespaces. Implements `contract.ServiceBusEmulator`; close it to stop them all.

    Nothing is started before the first namespace. Messages are kept in memory.

    Args:
        root: A folder for its log.
        tls: The sandbox's certificates.
        access: Knows rules, keys and queue ids; asked late, as it is built later.
        directory: Says whose access token it is.
        roles: Says what an identity may do.
        cache: Where the AMQP library is installed once; `cache_folder()` when left out.
    """

    def __init__(
        self,
        root: Path,
        tls: TlsFiles,
        *,
        access: Callable[[], ServiceBusAccess],
        directory: Directory,
        roles: RoleBook,
        cache: Path | None = None,
    ) -> None:
        self._root, self._tls, self._access, self._directory, self._roles = root, tls, access, directory, roles
        self._cache = cache or cache_folder()
        self._channel: Channel | None = None
        self._hosts: dict[str, str] = {}
        self._lock = threading.RLock()

    def create_namespace(self, name: str) -> str:
        """Bring a namespace to life: `localhost:PORT` of its listener, the same one for a name that lives.

        Raises:
            ServiceBusUnavailable: The broker cannot be installed or started.
        """
        with self._lock:
            if name.lower() not in self._hosts:
                port = self._tell("createNamespace", namespace=name.lower())
                self._hosts[name.lower()] = f"localhost:{port}"
            return self._hosts[name.lower()]

    def remove_namespace(self, name: str) -> None:
        """Close its listener and forget its queues and messages. An unknown name is no error."""
        with self._lock:
            if self._hosts.pop(name.lower(), None):
                self._tell("removeNamespace", namespace=name.lower())

    def put_queue(self, namespace: str, definition: QueueDefinition) -> None:
        """Create a queue, or change its definition and keep its messages.

        Raises:
            KeyError: No such namespace.
        """
        self._hosts[namespace.lower()]
        self._tell("putQueue", namespace=namespace.lower(), settings=_settings(definition))

    def remove_queue(self, namespace: str, queue: str) -> None:
        """Forget a queue and its messages. An unknown name is no error."""
        if namespace.lower() in self._hosts:
            self._tell("removeQueue", namespace=namespace.lower(), queue=queue)

    def counts(self, namespace: str, queue: str) -> QueueCounts:
        """How many messages it holds.

        Raises:
            KeyError: No such namespace or queue.
        """
        self._hosts[namespace.lower()]
        found = self._tell("counts", namespace=namespace.lower(), queue=queue)
        if found is None:
            raise KeyError(queue)
        return QueueCounts(active=found["active"], dead_lettered=found["deadLettered"])

    def close(self) -> None:
        """Stop everything."""
        with self._lock:
            channel, self._channel = self._channel, None
            self._hosts.clear()
        if channel is not None:
            channel.close()

    def _tell(self, do: str, **arguments: object) -> Any:
        try:
            return self._started().call(do, **arguments)
        except ChannelBroken as broken:
            message = f"Could not run the Service Bus broker: {broken}. Look into {self._root / 'broker.log'}."
            raise ServiceBusUnavailable(message) from broken

    def _started(self) -> Channel:
        with self._lock:
            if self._channel is None:
                self._channel = self._start()
            return self._channel

    def _start(self) -> Channel:
        try:
            node, modules = install_packages(self._cache, f"rhea-{RHEA}", _PACKAGES)
        except NodeUnavailable as unavailable:
            raise ServiceBusUnavailable(str(unavailable)) from unavailable
        self._root.mkdir(parents=True, exist_ok=True)
        command = [node, str(_SCRIPT), str(self._tls.certificate), str(self._tls.key)]
        environ = {**os.environ, "NODE_PATH": str(modules)}
        return Channel(command, environ, self._root / "broker.log", self._judge)

    def _judge(self, question: dict[str, Any]) -> dict[str, Any]:
        """What a token allows: the broker's question and its answer, as they go over the channel."""
        try:
            claim = self._claim(**question)
        except ClaimRefused as refused:
            return {"refused": str(refused)}
        return {"rights": sorted(claim.rights), "until": claim.expires and claim.expires * 1000}

    def _claim(self, *, namespace: str, type: str, token: str, path: str, agent: str) -> Claim:  # noqa: A002 - AMQP's word
        access = self._access()
        check_address(access, namespace, app_of(agent))
        # Some clients call both kinds `jwt`, so the token itself has to say.
        if is_signature(token):
            return claim_of_signature(access, namespace, path, token, time.time())
        if type == "jwt":
            return claim_of_access_token(access, namespace, path, token, directory=self._directory, roles=self._roles)
        raise ClaimRefused(f"Tokens of type '{type}' are not supported.")


def agent_of(app: str) -> str:
    """The user agent by which a client tells for which app, by its ARM id, it comes."""
    return f"{_APP}{app}"


def app_of(agent: str) -> str:
    """The ARM id of the app that a user agent tells; empty when it tells none."""
    word = agent.partition(" ")[0]
    return word.removeprefix(_APP) if word.startswith(_APP) else ""


def _settings(definition: QueueDefinition) -> dict[str, object]:
    return {
        "name": definition.name,
        "lockSeconds": definition.lock_seconds,
        "maxDeliveryCount": definition.max_delivery_count,
        "maxMessageBytes": definition.max_message_bytes,
        "timeToLive": definition.time_to_live,
        "deadLetterExpired": definition.dead_letter_expired,
        "status": definition.status,
    }
