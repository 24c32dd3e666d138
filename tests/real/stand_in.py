"""The same apps on the sandbox: its stand-in for the base image, run by its App Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from azure.storage.blob import BlobServiceClient

from hosts import Host, build, put_master_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    import docker

    from arm import Arm
    from group import Group
    from target import Target

_WEB, _STORAGE, _REGISTRY = "2022-03-01", "2021-09-01", "2021-09-01"


class StandInHosts:
    """Function apps in one resource group of a sandbox; the group's end is theirs. A context manager.

    Args:
        target: The sandbox.
        arm: Its Resource Manager.
        group: Takes everything.
        engine: Builds the images.
    """

    def __init__(self, target: Target, arm: Arm, group: Group, engine: docker.DockerClient) -> None:
        self.image, self.engine = target.inputs["base-image"], engine
        self.patience = 30.0
        self._target, self._arm = target, arm
        self._place = {"location": target.location}
        self._names = {kind: f"real{kind}{group.run}" for kind in ("storage", "registry", "plan")}
        self._group = f"/resourcegroups/{group.name}/providers"
        self._masters: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.engine.images.pull(self.image)
        self._make()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.images.remove(self.image)

    def start(self, name: str, app: str, settings: Mapping[str, str], files: Mapping[str, str] | None = None) -> Host:
        if name not in self._masters:
            self._push(name, app, files or {})
            self._masters[name] = put_master_key(self.storage(), name)
        path = f"{self._group}/Microsoft.Web/sites/{name}"
        given = {"AzureWebJobsStorage": self._connection, "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false", **settings}
        login = {
            "DOCKER_REGISTRY_SERVER_URL": f"https://{self._server}",
            "DOCKER_REGISTRY_SERVER_USERNAME": self._login["username"],
            "DOCKER_REGISTRY_SERVER_PASSWORD": self._login["password"],
        }
        config = {
            "linuxFxVersion": f"DOCKER|{self._server}/{name}:1",
            "httpLoggingEnabled": True,
            "appSettings": [{"name": key, "value": value} for key, value in {**given, **login}.items()],
        }
        properties = {"serverFarmId": f"{self._plan['id']}", "siteConfig": config}
        body = {**self._place, "kind": "functionapp,linux,container", "properties": properties}
        self._arm.do("PUT", path, _WEB, body)
        url = f"https://{self._arm.until_made(path, _WEB)['properties']['defaultHostName']}"
        return Host(url, self._target.trusted, self._masters[name], lambda: self._log(path))

    def storage(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self._connection, connection_verify=self._target.trusted)

    def _log(self, path: str) -> str:
        return self._arm.ask("POST", f"{path}/containerlogs", _WEB).text

    def _make(self) -> None:
        plan = f"{self._group}/Microsoft.Web/serverfarms/{self._names['plan']}"
        sku = {"name": "EP1", "tier": "ElasticPremium"}
        self._arm.do("PUT", plan, _WEB, {**self._place, "sku": sku, "properties": {"reserved": True}})
        self._plan = self._arm.until_made(plan, _WEB)
        account = f"{self._group}/Microsoft.Storage/storageAccounts/{self._names['storage']}"
        self._arm.do("PUT", account, _STORAGE, {**self._place, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
        made = self._arm.until_made(account, _STORAGE)
        key = self._arm.do("POST", f"{account}/listKeys", _STORAGE)["keys"][0]["value"]
        self._connection = _connection(made, key)
        registry = f"{self._group}/Microsoft.ContainerRegistry/registries/{self._names['registry']}"
        body = {**self._place, "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": True}}
        self._arm.do("PUT", registry, _REGISTRY, body)
        self._server = self._arm.until_made(registry, _REGISTRY)["properties"]["loginServer"]
        told = self._arm.do("POST", f"{registry}/listCredentials", _REGISTRY)
        self._login = {"username": told["username"], "password": told["passwords"][0]["value"]}

    def _push(self, name: str, app: str, files: Mapping[str, str]) -> None:
        tag = f"{self._server}/{name}:1"
        build(self.engine, self.image, app, files, tag)
        try:
            for line in self.engine.images.push(tag, auth_config=self._login, stream=True, decode=True):
                assert "error" not in line, line["error"]
        finally:
            self.engine.images.remove(tag, force=True)


def _connection(account: dict[str, Any], key: str) -> str:
    ends = account["properties"]["primaryEndpoints"]
    parts = [f"{service.capitalize()}Endpoint={ends[service].rstrip('/')}" for service in ("blob", "queue", "table")]
    return ";".join(["DefaultEndpointsProtocol=https", f"AccountName={account['name']}", f"AccountKey={key}", *parts])
