"""Functions hosts to look at: Microsoft's base image on the local engine, with the small apps of `functions/` in it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import secrets
import tarfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import docker
import requests
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

REGISTRY = "mcr.microsoft.com"
IMAGE = f"{REGISTRY}/azure-functions/python:4-python3.11"
AZURITE = f"{REGISTRY}/azure-storage/azurite:3.35.0"
LABEL = "functions-model-real"
SECRETS = "azure-webjobs-secrets"
_APPS = Path(__file__).parent / "functions"
_SECONDS = 90
_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Host:
    """A host that runs.

    Attributes:
        url: Where it answers.
        trusted: What `requests` takes as `verify`.
        master: The master key.
        read_log: Gives the container's log.
    """

    url: str
    trusted: str | bool
    master: str = field(repr=False)
    read_log: Callable[[], str]

    def ask(self, path: str, *, key: str = "", **request: Any) -> requests.Response:
        """A request as App Service's front end forwards it.

        Args:
            path: From the slash on.
            key: A key of the host's.
            request: More for `requests`: `method`, `data`, `json` ...
        """
        # On App Service, a request without this header is the platform's own, and is let in everywhere
        # (Azure/azure-functions-host, HttpRequestExtensions.cs, IsAppServiceInternalRequest).
        headers = {"X-ARR-LOG-ID": secrets.token_hex(8), **({"x-functions-key": key} if key else {})}
        method = request.pop("method", "GET")
        return requests.request(
            method, f"{self.url}{path}", headers=headers, verify=self.trusted, timeout=_SECONDS, **request
        )

    def look(self) -> dict[str, Any]:
        """What the function `look` sees; nothing while it does not answer."""
        try:
            answer = self.ask("/api/look")
        except requests.ConnectionError:
            return {}
        return dict(answer.json()) if answer.ok else {}

    def status(self) -> dict[str, Any]:
        """What `/admin/host/status` tells; nothing while it does not answer."""
        try:
            answer = self.ask("/admin/host/status", key=self.master)
        except requests.ConnectionError:
            return {}
        return dict(answer.json()) if answer.ok else {}


class Hosts(Protocol):
    """Starts hosts, and reads what they keep.

    Attributes:
        image: The base image.
        engine: The local engine.
        patience: Seconds that a host has to show something that may never come.
    """

    image: str
    engine: docker.DockerClient
    patience: float

    def start(self, name: str, app: str, settings: Mapping[str, str], files: Mapping[str, str] | None = None) -> Host:
        """The host of an app that is brought up, or brought up again with other settings.

        Args:
            name: The function app's.
            app: A folder of `functions/`.
            settings: App settings, beside those that every app here has.
            files: Files that take the place of the folder's.
        """

    def storage(self) -> BlobServiceClient:
        """The storage that every host here works with."""


def until(read: Callable[[], Any], *, seconds: float = _SECONDS) -> Any:
    """What `read` gives, as soon as it gives something true, or at the end of the time whatever it gives."""
    deadline = time.monotonic() + seconds
    while not (found := read()) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return found


def put_master_key(storage: BlobServiceClient, name: str) -> str:
    """Give an app a master key before its host makes one, in the clear, as a host outside of Azure keeps it."""
    key = secrets.token_urlsafe(40)
    content = {
        "masterKey": {"name": "master", "value": key, "encrypted": False},
        "functionKeys": [],
        "systemKeys": [],
        "hostName": "",
        "instanceId": "",
        "source": "runtime",
        "decryptionKeyId": "",
    }
    blobs = storage.get_container_client(SECRETS)
    with contextlib.suppress(ResourceExistsError):
        blobs.create_container()
    blobs.upload_blob(f"{name}/host.json", json.dumps(content), overwrite=True)
    return key


def build(engine: docker.DockerClient, base: str, app: str, files: Mapping[str, str], tag: str) -> None:
    """`docker build` of a base image with an app in it."""
    folder = _APPS / app
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    held = {f"app/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
    held |= {f"app/{name}": text.encode() for name, text in files.items()}
    held["Dockerfile"] = f"FROM {base}\nCOPY app /home/site/wwwroot\nLABEL {LABEL}=yes\n".encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in held.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    context.seek(0)
    engine.images.build(fileobj=context, custom_context=True, tag=tag, rm=True, forcerm=True)


class DockerHosts:
    """Microsoft's image in containers of the local engine, and Azurite beside them. A context manager.

    Args:
        engine: The local engine.
        image: The base image.
        storage_image: Azurite's.
    """

    def __init__(self, engine: docker.DockerClient, image: str, storage_image: str) -> None:
        self.engine, self.image, self._storage_image = engine, image, storage_image
        # The Service Bus client tries four times before it reports a failure, for a minute each where nothing answers.
        self.patience = 300.0
        self._run = secrets.token_hex(4)
        self._closing = ExitStack()
        self._account = {"name": "real", "key": base64.b64encode(secrets.token_bytes(64)).decode()}
        self._masters: dict[str, str] = {}
        self._containers: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self._network = self.engine.networks.create(f"{LABEL}-{self._run}", labels={LABEL: "yes"})
            self._closing.callback(self._network.remove)
            self._azurite = self._container(
                self._storage_image,
                "storage",
                {"AZURITE_ACCOUNTS": f"{self._account['name']}:{self._account['key']}"},
                (10000, 10001, 10002),
                ["azurite", "--skipApiVersionCheck", *self._listening()],
            )
            assert until(self._storage_answers), self._azurite.logs().decode(errors="replace")
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def start(self, name: str, app: str, settings: Mapping[str, str], files: Mapping[str, str] | None = None) -> Host:
        tag = f"{LABEL}:{self._run}-{name}"
        if name not in self._masters:
            build(self.engine, self.image, app, files or {}, tag)
            self._closing.callback(self.engine.images.remove, tag, force=True)
            self._masters[name] = put_master_key(self.storage(), name)
        if before := self._containers.pop(name, None):
            before.remove(force=True, v=True)
        # What App Service gives to every app's container, as far as the host decides by it: without WEBSITE_INSTANCE_ID
        # it keeps keys in the clear (Azure/azure-functions-host, DefaultKeyValueConverterFactory.cs).
        given = {
            "WEBSITE_INSTANCE_ID": secrets.token_hex(32),
            "WEBSITE_SITE_NAME": name,
            "WEBSITE_SLOT_NAME": "Production",
            "WEBSITE_HOSTNAME": f"{name}.example",
            # What the host takes for a machine key where there is none (Program.cs:117).
            "WEBSITE_AUTH_ENCRYPTION_KEY": hashlib.sha256(f"{self._run} {name}".encode()).hexdigest().upper(),
            "FUNCTIONS_LOGS_MOUNT_PATH": "/var/log/functionsLogs",
            "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
            "FUNCTIONS_EXTENSION_VERSION": "~4",
            "AzureWebJobsStorage": self._connection("storage", (10000, 10001, 10002)),
            **settings,
        }
        container = self._containers[name] = self._container(tag, name, given, (80,))
        return Host(
            f"http://127.0.0.1:{_port(container, 80)}",
            False,
            self._masters[name],
            lambda: container.logs().decode(errors="replace"),
        )

    def storage(self) -> BlobServiceClient:
        ports = [_port(self._azurite, port) for port in (10000, 10001, 10002)]
        return BlobServiceClient.from_connection_string(self._connection("127.0.0.1", ports))

    def _container(
        self, image: str, name: str, environ: Mapping[str, str], ports: tuple[int, ...], command: Any = None
    ) -> Any:
        network = str(self._network.name)
        published: Any = {f"{port}/tcp": ("127.0.0.1", None) for port in ports}
        container = self.engine.containers.create(
            image,
            command,
            environment=dict(environ),
            labels={LABEL: "yes"},
            network=network,
            networking_config={network: self.engine.api.create_endpoint_config(aliases=[name])},
            hostname=name,
            ports=published,
        )
        self._closing.callback(_remove, container)
        container.start()
        container.reload()
        return container

    def _storage_answers(self) -> bool:
        try:
            self.storage().get_service_properties()
        except Exception:  # noqa: BLE001 - whatever it is while it starts
            return False
        return True

    def _connection(self, host: str, ports: Any) -> str:
        ends = [
            f"{service}Endpoint=http://{host}:{port}/{self._account['name']}"
            for service, port in zip(("Blob", "Queue", "Table"), ports, strict=True)
        ]
        known = f"AccountName={self._account['name']};AccountKey={self._account['key']}"
        return ";".join(["DefaultEndpointsProtocol=http", known, *ends])

    @staticmethod
    def _listening() -> list[str]:
        # In a container of its own.
        return [word for service in ("blob", "queue", "table") for word in (f"--{service}Host", "0.0.0.0")]  # noqa: S104


@contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """The local engine."""
    client = docker.from_env(timeout=600)
    try:
        client.ping()
        yield client
    finally:
        client.close()


def _port(container: Any, port: int) -> int:
    return int(container.attrs["NetworkSettings"]["Ports"][f"{port}/tcp"][0]["HostPort"])


def _remove(container: Any) -> None:
    with contextlib.suppress(docker.errors.NotFound):
        container.remove(force=True, v=True)
