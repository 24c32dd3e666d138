"""A function app, or one of its deployment slots: the same operations, by other names in the SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.core.names import Names

if TYPE_CHECKING:
    from azure.mgmt.web.models import HostKeys, SiteConfigResource, StringDictionary
    from azure.mgmt.web.models import Site as SdkSite
    from azure.mgmt.web.operations import WebAppsOperations

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Site:
    """Where an app runs. Its operations are called as in the SDK, and raise `AzureError`.

    Attributes:
        clients: Of the subscription.
        names: The app, or one of its slots; Azure calls the app itself the production slot.
    """

    clients: AzureClients
    names: Names

    def get(self) -> SdkSite:
        """The site itself, without its settings."""
        return self._ask(self._apps.get, self._apps.get_slot)

    def create_or_update(self, body: dict[str, Any]) -> SdkSite:
        """Write the whole site, and wait until it is there."""
        apps = self._apps
        return self._ask(apps.begin_create_or_update, apps.begin_create_or_update_slot, site_envelope=body).result()

    def update(self, patch: dict[str, Any]) -> None:
        """Write what the patch names of `tags`, `identity` and `properties`."""
        self._ask(self._apps.update, self._apps.update_slot, site_envelope=patch)

    def get_configuration(self) -> SiteConfigResource:
        """The configuration: image, who pulls it, logging and the like."""
        return self._ask(self._apps.get_configuration, self._apps.get_configuration_slot)

    def update_configuration(self, config: Mapping[str, Any]) -> None:
        """Write the parts of the configuration that are named."""
        body = {"properties": dict(config)}
        self._ask(self._apps.update_configuration, self._apps.update_configuration_slot, site_config=body)

    def list_application_settings(self) -> dict[str, str]:
        """Values of the app settings, by name."""
        apps = self._apps
        found = self._ask(apps.list_application_settings, apps.list_application_settings_slot)
        return dict(found.properties or {})

    def update_application_settings(self, settings: Mapping[str, str]) -> None:
        """Replace all app settings."""
        apps, body = self._apps, {"properties": dict(settings)}
        self._ask(apps.update_application_settings, apps.update_application_settings_slot, app_settings=body)

    def list_connection_strings(self) -> dict[str, dict[str, Any]]:
        """`value` and `type` of the connection strings, by name."""
        found = self._ask(self._apps.list_connection_strings, self._apps.list_connection_strings_slot)
        return found.as_dict().get("properties") or {}

    def update_connection_strings(self, strings: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all connection strings."""
        apps, body = self._apps, {"properties": dict(strings)}
        self._ask(apps.update_connection_strings, apps.update_connection_strings_slot, connection_strings=body)

    def list_azure_storage_accounts(self) -> dict[str, dict[str, Any]]:
        """The storage that is mounted, by name."""
        found = self._ask(self._apps.list_azure_storage_accounts, self._apps.list_azure_storage_accounts_slot)
        return found.as_dict().get("properties") or {}

    def update_azure_storage_accounts(self, mounts: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all mounts of storage."""
        apps, body = self._apps, {"properties": dict(mounts)}
        self._ask(
            apps.update_azure_storage_accounts, apps.update_azure_storage_accounts_slot, azure_storage_accounts=body
        )

    def update_ftp_allowed(self, *, allow: bool) -> None:
        """Write whether a user name and a password open FTP."""
        apps, body = self._apps, {"properties": {"allow": allow}}
        self._ask(apps.update_ftp_allowed, apps.update_ftp_allowed_slot, csm_publishing_access_policies_entity=body)

    def update_scm_allowed(self, *, allow: bool) -> None:
        """Write whether a user name and a password open the build site."""
        apps, body = self._apps, {"properties": {"allow": allow}}
        self._ask(apps.update_scm_allowed, apps.update_scm_allowed_slot, csm_publishing_access_policies_entity=body)

    def list_host_keys(self) -> HostKeys:
        """The keys that open every function, and the host itself."""
        return self._ask(self._apps.list_host_keys, self._apps.list_host_keys_slot)

    def list_function_keys(self, function: str) -> StringDictionary:
        """The keys that open one function."""
        return self._ask(self._apps.list_function_keys, self._apps.list_function_keys_slot, function_name=function)

    def sync_function_triggers(self) -> None:
        """Have the scale controller told which triggers there are."""
        self._ask(self._apps.sync_function_triggers, self._apps.sync_function_triggers_slot)

    def get_web_site_container_logs(self) -> bytes:
        """The container log as App Service keeps it; empty where there is none."""
        apps = self._apps
        log: Any = self._ask(apps.get_web_site_container_logs, apps.get_web_site_container_logs_slot, cls=_read)
        return bytes(log)

    def _ask(self, of_app: Callable[..., _Answer], of_slot: Callable[..., _Answer], **arguments: Any) -> _Answer:
        """Call the app's operation, or its twin for slots; `arguments` are those besides group, name and slot."""
        where = {"resource_group_name": self.names.group, "name": self.names.app}
        return of_slot(**where, slot=self.names.slot, **arguments) if self.names.slot else of_app(**where, **arguments)

    @property
    def _apps(self) -> WebAppsOperations:
        return self.clients.web.web_apps

    def ask_host(self, path: str, method: str = "GET") -> Any:
        """The JSON that the app's host answers to Resource Manager: no key is needed, and no network is in the way.

        Args:
            path: With a leading slash: `/admin/host/status`.
            method: Of HTTP.

        Raises:
            HttpResponseError: It was refused, or there is no host that answers.
        """
        site = f"sites/{self.names.app}/slots/{self.names.slot}" if self.names.slot else f"sites/{self.names.app}"
        url = quote(f"{self.names.group_id}/providers/Microsoft.Web/{site}/hostruntime{path}")
        request = HttpRequest(method, url, params={"api-version": api_versions.WEB})
        # Whoever waits for a host asks again by itself.
        response = self.clients.web.send_request(request, retry_total=0)
        response.raise_for_status()
        return response.json()


def _read(answer: Any, *_: Any) -> Any:
    """The SDK streams it, and gives nothing to read, and so to close, where there is no log (204)."""
    return answer.http_response.read()


def container_logging(names: Names) -> str:
    """The command that has App Service keep what a container writes."""
    return f"az webapp log config {names.flags} --docker-container-logging filesystem"
