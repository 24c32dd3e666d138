"""Real storage: one Azurite process per storage account, over https, with the account's own keys."""

from __future__ import annotations

import os
import re
import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobAnalyticsLogging, BlobServiceClient

from azure_sandbox.apps.guard import start_guarded, stop_guarded
from azure_sandbox.base_images.cache import cache_folder
from azure_sandbox.node import NodeUnavailable, install_packages
from azure_sandbox.storage_contract import StorageEndpoints
from azure_sandbox.storage_gate import Gate

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage_gate.judge import Request
    from azure_sandbox.storage_gate.refusals import Refusal

AZURITE = "3.35.0"
"""The last version that runs on every Node.js from 10 on, and starts in 0.6 s; 3.37 needs Node.js 22."""
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at https://[^:]+:(\d+)")
_HOST = "localhost"


class StorageUnavailable(Exception):
    """Azurite cannot be installed or started. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """An account that lives.

    Attributes:
        name: The account's name.
        keys: Both keys, base64.
        endpoints: Where its services answer.
        process: Azurite.
    """

    name: str
    keys: tuple[str, str]
    endpoints: StorageEndpoints
    process: subprocess.Popen[bytes]


class AzuriteStorage:
    """Storage accounts, each an Azurite of its own. Close it to stop them all.

    Args:
        root: Where the data lie.
        tls: The sandbox's certificates.
        decide: Says why a request is refused.
        tenant: Whose tokens the accounts take.
        cache: Where Azurite is installed once; `cache_folder()` when left out.
    """

    def __init__(
        self,
        root: Path,
        tls: TlsFiles,
        decide: Callable[[Request], Refusal | None],
        tenant: str,
        *,
        cache: Path | None = None,
    ) -> None:
        self._root = root
        self._tls = tls
        self._gate = Gate(decide, tenant, self._service_at)
        self._cache = cache or cache_folder()
        self._accounts: dict[str, StorageAccount] = {}
        self._gates: dict[str, threading.Lock] = {}
        self._lock = threading.RLock()

    def create(self, account: str, keys: tuple[str, str]) -> StorageEndpoints:
        """Bring an account to life with these two keys; the same answer for an account that lives already.

        Raises:
            StorageUnavailable: Azurite cannot be installed or started.
        """
        with self._lock:
            gate = self._gates.setdefault(account, threading.Lock())
        with gate:  # two accounts start side by side
            found = self._accounts.get(account)
            if found is None:
                found = self._start(account, keys)
                with self._lock:
                    self._accounts[account] = found
                with self.client(account) as client:
                    # Azurite's accounts begin with a log of everything, Azure's without any.
                    client.set_service_properties(analytics_logging=BlobAnalyticsLogging())
            return found.endpoints

    def remove(self, account: str) -> None:
        """Stop it and delete its data. An unknown account is no error."""
        with self._lock:
            found = self._accounts.pop(account, None)
        if found is not None:
            stop_guarded(found.process)
        shutil.rmtree(self._root / account, ignore_errors=True)

    def upload(self, account: str, container: str, blob: str, content: bytes) -> None:
        """Write a blob, over one that is there. Creates the container.

        Raises:
            KeyError: No such account.
        """
        self.create_container(account, container)
        with self.client(account) as client:
            client.get_blob_client(container, blob).upload_blob(content, overwrite=True)

    def create_container(self, account: str, container: str) -> bool:
        """Create a blob container; False when it was there.

        Raises:
            KeyError: No such account.
        """
        with self.client(account) as client:
            try:
                client.create_container(container)
            except ResourceExistsError:
                return False
        return True

    def containers(self, account: str) -> list[str]:
        """Every blob container, whoever made it.

        Raises:
            KeyError: No such account.
        """
        with self.client(account) as client:
            return [str(container.name) for container in client.list_containers()]

    def remove_container(self, account: str, container: str) -> bool:
        """Delete a blob container with its blobs; False when it was not there.

        Raises:
            KeyError: No such account.
        """
        with self.client(account) as client:
            try:
                client.delete_container(container)
            except ResourceNotFoundError:
                return False
        return True

    def client(self, account: str) -> BlobServiceClient:
        """A blob client that may do everything. It asks no proxy: the account is on this machine.

        Raises:
            KeyError: No such account.
        """
        found = self._accounts[account]
        credential = {"account_name": account, "account_key": found.keys[0]}
        return BlobServiceClient(
            found.endpoints.blob,
            credential=credential,
            connection_verify=str(self._tls.ca_file),
            use_env_settings=False,
            base_headers=self._gate.headers(),
        )

    def headers(self, app: str) -> dict[str, str]:
        """Headers that tell an account which app, by its ARM id, sends a request."""
        return self._gate.headers(app)

    def ports(self) -> frozenset[int]:
        """Where the services of all accounts answer."""
        with self._lock:
            every = [account.endpoints for account in self._accounts.values()]
        return frozenset(urlsplit(url).port or 443 for ends in every for url in (ends.blob, ends.queue, ends.table))

    def blob_endpoint(self, account: str) -> str | None:
        """The URL of the account's blob service; None when there is no such account."""
        with self._lock:
            found = self._accounts.get(account)
        return found.endpoints.blob if found else None

    def queue_endpoint(self, account: str) -> str | None:
        """The URL of the account's queue service; None when there is no such account."""
        with self._lock:
            found = self._accounts.get(account)
        return found.endpoints.queue if found else None

    def account_at(self, url: str) -> str | None:
        """The name of the account whose blob or queue service answers at this URL."""
        wanted = _normal(url)
        with self._lock:
            for account in self._accounts.values():
                ends = account.endpoints
                if wanted in {_normal(ends.blob), _normal(ends.queue), _normal(ends.table)}:
                    return account.name
        return None

    def close(self) -> None:
        """Stop every account's process. The data stay on disk."""
        with self._lock:
            accounts, self._accounts = list(self._accounts.values()), {}
        for account in accounts:
            if account.process.stdin:
                account.process.stdin.close()
        for account in accounts:
            stop_guarded(account.process)
        self._gate.close()

    def _service_at(self, port: int) -> tuple[str, str] | None:
        """The account and the service that listen on a port."""
        with self._lock:
            for account in self._accounts.values():
                ends = account.endpoints
                for service, url in (("blob", ends.blob), ("queue", ends.queue), ("table", ends.table)):
                    if urlsplit(url).port == port:
                        return account.name, service
        return None

    def _start(self, account: str, keys: tuple[str, str]) -> StorageAccount:
        folder = self._root / account
        folder.mkdir(parents=True, exist_ok=True)
        environ = {**os.environ, **self._gate.environ(), "AZURITE_ACCOUNTS": ":".join((account, *keys))}
        process = start_guarded(self._command(folder), environ=environ, folder=folder)
        ports = _read_ports(process)
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        urls = {name: f"https://{_HOST}:{port}/{account}/" for name, port in ports.items()}
        return StorageAccount(account, keys, StorageEndpoints(urls["Blob"], urls["Queue"], urls["Table"]), process)

    def _command(self, folder: Path) -> list[str]:
        node, script = install_azurite(self._cache)
        # Port 0 takes a free one, which Azurite then prints.
        ports = [word for service in ("blob", "queue", "table") for word in (f"--{service}Port", "0")]
        tls = ["--cert", str(self._tls.certificate), "--key", str(self._tls.key), "--oauth", "basic"]
        quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        return [node, *self._gate.options(), str(script), "--location", str(folder), *ports, *tls, *quiet]


def install_azurite(cache: Path) -> tuple[str, Path]:
    """Node.js and Azurite's start script, installed into the cache folder the first time (about 15 s).

    Raises:
        StorageUnavailable: npm could not install it.
    """
    try:
        node, modules = install_packages(cache, f"azurite-{AZURITE}", [f"azurite@{AZURITE}"])
    except NodeUnavailable as unavailable:
        raise StorageUnavailable(str(unavailable)) from unavailable
    return node, modules / "azurite" / "dist" / "src" / "azurite.js"


def _read_ports(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The ports that Azurite prints while it starts."""
    assert process.stdout is not None  # noqa: S101
    ports: dict[str, int] = {}
    said: list[str] = []
    for line in process.stdout:
        said.append(line.decode(errors="replace"))
        if match := _LISTENING.search(said[-1]):
            ports[match[1]] = int(match[2])
        if len(ports) == 3:
            return ports
    stop_guarded(process)
    process.stdout.close()
    message = f"Could not start Azurite: it said `{''.join(said)[-1000:].strip()}`. Check the Node.js installation."
    raise StorageUnavailable(message)


def _drain(process: subprocess.Popen[bytes]) -> None:
    """Read on, so that Azurite never blocks on a full pipe."""
    assert process.stdout is not None  # noqa: S101
    with process.stdout as stream:
        for _ in stream:
            pass


def _normal(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"
