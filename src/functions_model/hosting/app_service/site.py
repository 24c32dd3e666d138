"""A function app, or one of its deployment slots: the same operations, by other names in the SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from azure.core.exceptions import ResourceNotFoundError
from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azure.finishing import finished
from functions_model.core.names import Names
from functions_model.provision.host import Writing

if TYPE_CHECKING:
    from azure.mgmt.web.models import HostKeys, SiteAuthSettingsV2, SiteConfigResource, StringDictionary
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
        return finished(self._ask(apps.begin_create_or_update, apps.begin_create_or_update_slot, site_envelope=body))

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

    def runs(self) -> str:
        """linuxFxVersion: what it is meant to run; empty when it has gone."""
        try:
            return str(self.get_configuration().linux_fx_version or "")
        except ResourceNotFoundError:
            return ""

    def update_version(self, config: Mapping[str, Any], settings: Mapping[str, str] | None) -> None:
        """Write parts of the configuration and all app settings, in one request where there are both.

        As hashicorp/terraform-provider-azurerm has it, internal/services/appservice/linux_function_app_resource.go,
        `Update`: the settings of an app are written as `appSettings` of its configuration, and no others.

        Args:
            config: Empty leaves the configuration.
            settings: All that there will be; None leaves those that are there.
        """
        if config:
            self.update_configuration(config if settings is None else {**config, "appSettings": as_pairs(settings)})
        elif settings is not None:
            self.update_application_settings(settings)

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

    def get_auth_settings(self) -> SiteAuthSettingsV2:
        """The settings of App Service's authentication, which hold names of secrets and no secret."""
        apps = self._apps
        return self._ask(apps.get_auth_settings_v2_without_secrets, apps.get_auth_settings_v2_without_secrets_slot)

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
        return (
            of_slot(**where, slot=self.names.candidate, **arguments)
            if self.names.candidate
            else of_app(**where, **arguments)
        )

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
        url = quote(f"{id_of(self.names)}/hostruntime{path}")
        request = HttpRequest(method, url, params={"api-version": api_versions.WEB})
        # Whoever waits for a host asks again by itself.
        response = self.clients.web.send_request(request, retry_total=0)
        response.raise_for_status()
        return response.json()


@dataclass(frozen=True, slots=True)
class SiteWriting(Writing):
    """A write of an app, or of one of its slots.

    Attributes:
        slot: The slot's name; empty for the app.
    """

    slot: str = ""

    @property
    def site(self) -> Site:
        """The app, or the slot, that is written."""
        return Site(self.clients, self.wanted.names.at(self.slot))


def site_writing(writing: Writing, slot: str = "", **changes: Any) -> SiteWriting:
    """A write, of an app or of one of its slots."""
    return SiteWriting(**{one.name: getattr(writing, one.name) for one in fields(Writing)} | changes, slot=slot)


def as_pairs(settings: Mapping[str, str]) -> list[dict[str, str]]:
    """App settings as a part of a configuration."""
    return [{"name": name, "value": value} for name, value in sorted(settings.items())]


def _read(answer: Any, *_: Any) -> Any:
    """The SDK streams it, and gives nothing to read, and so to close, where there is no log (204)."""
    return answer.http_response.read()


def id_of(names: Names) -> str:
    """The ARM id of an app, or of its slot."""
    app = names.id_of("Microsoft.Web/sites", names.app)
    return f"{app}/slots/{names.candidate}" if names.candidate else app
