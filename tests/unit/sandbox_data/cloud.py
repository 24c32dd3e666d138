"""A platform with a registry, storage and base images around it: everything but the control plane."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from azure_sandbox.apps.platform import Platform
from azure_sandbox.base_images import Flavour, prepare
from azure_sandbox.base_images.interpreters import running_minor
from azure_sandbox.contract import AppState, RegistryDefinition, SiteDefinition
from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.server import registry_app
from azure_sandbox.web import WebServer

from .conftest import REGISTRY_ID, SUBSCRIPTION, FakeLaw, account_id, trust
from .images import MANIFEST_TYPE, image_of, tar_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import HostKeys, Principal
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court, FakeDirectory, FakeRoles

PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
KEYS = (base64.b64encode(b"first" * 8).decode(), base64.b64encode(b"second" * 8).decode())
WWWROOT = "home/site/wwwroot"
CONSOLE = {"AzureFunctionsJobHost__Logging__Console__IsEnabled": "true"}


def http_function(route: str, level: str = "anonymous", **more: Any) -> str:
    trigger = {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level, "route": route}
    return json.dumps({"bindings": [{**trigger, **more}, {"type": "http", "direction": "out", "name": "$return"}]})


def merged_env(base: list[str], own: list[str]) -> list[str]:
    """Variables as a Dockerfile's ENV sets them."""
    return [f"{name}={value}" for name, value in dict(entry.split("=", 1) for entry in [*base, *own]).items()]


class Cloud:
    """What the tests of apps stand on."""

    def __init__(
        self,
        root: Path,
        tls: TlsFiles,
        directory: FakeDirectory,
        roles: FakeRoles,
        azurite: AzuriteStorage,
        *,
        court: Court,
        engine: str,
    ) -> None:
        self.directory, self.roles, self.azurite, self.engine = directory, roles, azurite, engine
        self.law = FakeLaw()
        court.law, court.directory, court.roles = self.law, directory, roles
        self.store = ContentStore(root / "registry")
        self.registry = WebServer(registry_app(self._definition, self.store, directory, roles), tls=tls).start()
        self.platform = Platform(
            root / "apps",
            directory,
            engine,
            tls=tls,
            storage=azurite,
            roles=roles,
            account_id=account_id,
        )
        self.http = httpx.Client(verify=trust(tls), timeout=30)
        self.identity = directory.add("app-identity")

    def _definition(self) -> RegistryDefinition:
        return RegistryDefinition(REGISTRY_ID, "contoso", self.registry.authority, admin=("contoso", "secret-word"))

    def push(
        self,
        files: dict[str, str | bytes],
        config: dict[str, Any] | None = None,
        minor: str | None = None,
        *,
        layers: list[bytes] | None = None,
        forms: tuple[str, ...] = ("gzip",),
    ) -> str:
        """An image with these files, or tars, on the base image; its reference."""
        docker = self.engine == "docker"
        default = "3.11" if docker else running_minor()
        base = prepare(minor or default, Flavour.DOCKER if docker else Flavour.PROCESS)
        base.publish(self.store)
        manifest = json.loads(base.manifest)
        base_config = json.loads(base.blobs[manifest["config"]["digest"]].read_bytes())
        if config and "Env" in config:
            config = {**config, "Env": merged_env(base_config["config"]["Env"], config["Env"])}
        body, blobs = image_of(layers or [tar_of(files)], config=config, base=(manifest, base_config), forms=forms)
        for digest in base.blobs:
            self.store.link_blob("app", digest)
        for digest, content in blobs.items():
            path = self.store.uploads / digest[7:]
            path.write_bytes(content)
            self.store.keep_blob("app", digest, path)
        return f"{self.registry.authority}/app@{self.store.keep_manifest('app', MANIFEST_TYPE, body, None)}"

    def site(self, name: str, image: str, **settings: str) -> SiteDefinition:
        """An app that pulls by identity and keeps its image's /home."""
        return SiteDefinition(
            resource_id=f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/{name}",
            name=name,
            linux_fx_version=f"DOCKER|{image}",
            app_settings={"WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false", **CONSOLE, **settings},
            identities={self.identity.client_id: self.identity},
            acr_identity_client_id=self.identity.client_id,
            container_log=True,
        )

    def host_storage(self, account: str) -> dict[str, str]:
        """Settings for a host storage by identity; the account lives."""
        ends = self.azurite.create(account, KEYS)
        return {
            "AzureWebJobsStorage__blobServiceUri": ends.blob,
            "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__clientId": self.identity.client_id,
        }

    def give(self, scope: str, role: str, who: Principal | None = None) -> None:
        self.roles.give(who or self.identity, scope, role)

    def url(self, site: SiteDefinition, path: str = "/") -> str:
        return f"https://{self.platform.reserve(site.name)}{path}"

    def wait(self, what: Callable[[], object], site: SiteDefinition, seconds: float = 120) -> Any:
        """Until something about an app is true; what it gave."""
        deadline = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < deadline, self.platform.log(site.resource_id)
            time.sleep(0.05)
        return found

    def wait_functions(self, site: SiteDefinition) -> list[dict[str, object]]:
        """Until the host has indexed, which may be nothing."""
        self.wait(lambda: self.platform.functions(site.resource_id) is not None, site)
        return self.platform.functions(site.resource_id) or []

    def keys(self, site: SiteDefinition) -> HostKeys:
        """The keys of a host that runs."""
        keys = self.platform.keys(site.resource_id)
        assert keys is not None
        return keys

    def function_key(self, site: SiteDefinition, function: str) -> str:
        """The function's own key, where the host runs."""
        keys = self.platform.function_keys(site.resource_id, function)
        assert keys is not None
        return keys["default"]

    def wait_log(self, text: str, site: SiteDefinition, seen: int = 0, seconds: float = 120) -> None:
        """Until the log has a text, beyond the characters that were seen."""
        self.wait(lambda: text in self.platform.log(site.resource_id)[seen:], site, seconds)

    def wait_state(self, site: SiteDefinition, state: AppState) -> None:
        self.wait(lambda: self.platform.state(site.resource_id) is state, site)

    def close(self) -> None:
        self.http.close()
        self.platform.close()
        self.registry.stop()


Running = tuple[Cloud, SiteDefinition]
"""A cloud with an app that runs in it."""
