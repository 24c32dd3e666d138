"""Microsoft.Web/sites/config on the wire: configuration, settings, sticky names, publishing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from azure_sandbox.arm.errors import WebError
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import ArmRoute
from azure_sandbox.arm.web.belongings import without_keys
from azure_sandbox.arm.web.plans import SITE
from azure_sandbox.arm.web.site_config import DEFAULTS, checked, known_authentication
from azure_sandbox.arm.web.sites import ONE, site_id, with_slots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations
    from azure_sandbox.arm.store import Resource, Store
    from azure_sandbox.arm.web.site import Site
    from azure_sandbox.arm.web.state import Sites

_POLICY = f"{SITE}/basicPublishingCredentialsPolicies"


class ConfigurationResponses:
    """The handlers."""

    def __init__(self, store: Store, sites: Sites, durations: Durations) -> None:
        self._store = store
        self._sites = sites
        self._durations = durations

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        config, policies = f"{ONE}/config", f"{ONE}/basicPublishingCredentialsPolicies"
        one = [
            ArmRoute("GET", f"{config}/web", self._get_config),
            ArmRoute("PATCH", f"{config}/web", self._patch_config),
            ArmRoute("PUT", f"{config}/web", self._put_config),
            ArmRoute("GET", f"{config}/logs", self._get_logs),
            ArmRoute("PUT", f"{config}/logs", self._put_logs),
            ArmRoute("POST", f"{config}/appsettings/list", self._list_settings),
            ArmRoute("PUT", f"{config}/appsettings", self._put_settings),
            ArmRoute("POST", f"{config}/connectionstrings/list", self._list_strings),
            ArmRoute("PUT", f"{config}/connectionstrings", self._put_strings),
            ArmRoute("POST", f"{config}/azurestorageaccounts/list", self._list_mounts),
            ArmRoute("PUT", f"{config}/azurestorageaccounts", self._put_mounts),
            ArmRoute("GET", f"{config}/authsettingsV2", self._get_authentication),
            ArmRoute("PUT", f"{config}/authsettingsV2", self._put_authentication),
            ArmRoute("GET", policies, self._list_policies),
            ArmRoute("GET", f"{policies}/{{policy}}", self._get_policy),
            ArmRoute("PUT", f"{policies}/{{policy}}", self._put_policy),
            ArmRoute("POST", f"{ONE}/publishxml", self._publish_profiles),
        ]
        return [
            # These hold for all slots of an app.
            ArmRoute("GET", f"{config}/slotConfigNames", self._get_sticky),
            ArmRoute("PUT", f"{config}/slotConfigNames", self._put_sticky),
            *with_slots(one),
        ]

    # config/web

    def _get_config(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _config_wire(resource, site))

    def _patch_config(self, request: ArmRequest) -> ArmResponse:
        return self._write_config(request, replace=False)

    def _put_config(self, request: ArmRequest) -> ArmResponse:
        return self._write_config(request, replace=True)

    def _write_config(self, request: ArmRequest, *, replace: bool) -> ArmResponse:
        with self._store.lock:
            resource, site = self._site(request)
            self._sites.check_free(resource.id)
            if replace:
                site.config = dict(DEFAULTS)
            self._sites.configure(site, request.properties)
            self._sites.apply(resource.id, site, always_restart=True)
            return ArmResponse(200, _config_wire(resource, site))

    def _get_logs(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, _logs_wire(*self._site(request)))

    def _put_logs(self, request: ArmRequest) -> ArmResponse:
        """The logs of web server and container are one switch: Azure/azure-cli, custom.py, `config_diagnostics`."""
        kept = (request.properties.get("httpLogs") or {}).get("fileSystem") or {}
        with self._store.lock:
            resource, site = self._site(request)
            self._sites.check_free(resource.id)
            if kept.get("enabled") is not None:
                self._sites.configure(site, {"httpLoggingEnabled": bool(kept["enabled"])})
            self._sites.apply(resource.id, site, always_restart=True)
            return ArmResponse(200, _logs_wire(resource, site))

    # Settings

    def _list_settings(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _settings_wire(resource, site))

    def _put_settings(self, request: ArmRequest) -> ArmResponse:
        settings = checked(request.properties)
        time.sleep(self._durations.settings)
        with self._store.lock:
            resource, site = self._site(request)
            self._sites.check_free(resource.id)
            site.settings = settings
            self._sites.apply(resource.id, site, always_restart=True)
            return ArmResponse(200, _settings_wire(resource, site))

    # Connection strings and mounts

    def _list_strings(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _part_wire(resource, "connectionstrings", site.connection_strings))

    def _put_strings(self, request: ArmRequest) -> ArmResponse:
        with self._store.lock:
            resource, site = self._written(request)
            site.connection_strings = {name: dict(one) for name, one in request.properties.items()}
            self._sites.apply(resource.id, site, always_restart=True)
            return ArmResponse(200, _part_wire(resource, "connectionstrings", site.connection_strings))

    def _list_mounts(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _part_wire(resource, "azurestorageaccounts", site.mounts))

    def _put_mounts(self, request: ArmRequest) -> ArmResponse:
        with self._store.lock:
            resource, site = self._written(request)
            site.mounts = {name: {**one, "state": "Ok"} for name, one in request.properties.items()}
            self._sites.apply(resource.id, site, always_restart=True)
            return ArmResponse(200, _part_wire(resource, "azurestorageaccounts", site.mounts))

    def _written(self, request: ArmRequest) -> tuple[Resource, Site]:
        """A site that nothing else holds."""
        resource, site = self._site(request)
        self._sites.check_free(resource.id)
        return resource, site

    def _get_sticky(self, request: ArmRequest) -> ArmResponse:
        return ArmResponse(200, _sticky_wire(*self._site(request)))

    def _put_sticky(self, request: ArmRequest) -> ArmResponse:
        # A PUT replaces: a list that is left out is gone. That is why az reads the object, adds a name and sends all of
        # it back (Azure/azure-cli 2.91.0, command_modules/appservice/custom.py:704, `update_app_settings`).
        resource, site = self._site(request)
        site.sticky = {kind: request.properties.get(kind) for kind in site.sticky}
        return ArmResponse(200, _sticky_wire(resource, site))

    # Authentication in front of the app

    def _get_authentication(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _part_wire(resource, "authsettingsV2", known_authentication(site.authentication)))

    def _put_authentication(self, request: ArmRequest) -> ArmResponse:
        with self._store.lock:
            resource, site = self._written(request)
            site.authentication = dict(request.properties)
            self._sites.apply(resource.id, site, always_restart=False)
            return ArmResponse(200, _part_wire(resource, "authsettingsV2", known_authentication(site.authentication)))

    # Publishing

    def _list_policies(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return listing([_policy_wire(resource, site, name) for name in site.publishing])

    def _get_policy(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _policy_wire(resource, site, _policy_name(request)))

    def _put_policy(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        name = _policy_name(request)
        site.publishing[name] = bool(request.properties.get("allow"))
        return ArmResponse(200, _policy_wire(resource, site, name))

    def _publish_profiles(self, request: ArmRequest) -> ArmResponse:
        """Profiles for tools that copy files; the sandbox has no such door, so they hold no password."""
        resource, site = self._site(request)
        name, host = resource.id.name, site.host_name
        places = (("ZipDeploy", host), ("FTP", f"ftps://{host}/site/wwwroot"))
        profiles = "".join(_profile(name, method, url, host) for method, url in places)
        return ArmResponse(200, f"<publishData>{profiles}</publishData>", media_type="application/xml")

    def _site(self, request: ArmRequest) -> tuple[Resource, Site]:
        resource = self._store.get(site_id(request))
        return resource, self._sites.of(resource.id)


def _profile(name: str, method: str, url: str, host: str) -> str:
    values = {
        "profileName": f"{name} - {method}",
        "publishMethod": method,
        "publishUrl": url,
        "userName": f"${name}",
        "destinationAppUrl": f"https://{host}",
    }
    attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in values.items())
    return f"<publishProfile {attributes}></publishProfile>"


def _config_wire(resource: Resource, site: Site) -> dict[str, Any]:
    head = {"id": f"{resource.id}/config/web", "name": resource.id.name, "type": f"{SITE}/config"}
    shown = {"appSettings": None, "connectionStrings": None, "azureStorageAccounts": without_keys(site.mounts)}
    properties = {**site.config, "publishingUsername": f"${resource.id.name}", **shown}
    return {**head, "location": resource.location, "tags": resource.tags, "properties": properties}


def _logs_wire(resource: Resource, site: Site) -> dict[str, Any]:
    head = {"id": f"{resource.id}/config/logs", "name": "logs", "type": f"{SITE}/config"}
    on = bool(site.config["httpLoggingEnabled"])
    kept = {"retentionInMb": 100 if on else 35, "retentionInDays": 3 if on else None, "enabled": on}
    properties = {
        "applicationLogs": {"fileSystem": {"level": "Off"}, "azureBlobStorage": None},
        "httpLogs": {"fileSystem": kept, "azureBlobStorage": None},
        "failedRequestsTracing": {"enabled": False},
        "detailedErrorMessages": {"enabled": False},
    }
    return {**head, "location": resource.location, "properties": properties}


def _settings_wire(resource: Resource, site: Site) -> dict[str, Any]:
    return _part_wire(resource, "appsettings", site.settings)


def _part_wire(resource: Resource, part: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """One of a site's dictionaries, secrets and all."""
    head = {"id": f"{resource.id}/config/{part}", "name": part, "type": f"{SITE}/config"}
    return {**head, "location": resource.location, "tags": resource.tags, "properties": dict(values)}


def _sticky_wire(resource: Resource, site: Site) -> dict[str, Any]:
    # The id is null and the type is the site's: so the live service answers.
    head = {"id": None, "name": resource.id.name, "type": SITE}
    return {**head, "location": resource.location, "tags": resource.tags, "properties": dict(site.sticky)}


def _policy_name(request: ArmRequest) -> str:
    name = request.values["policy"].lower()
    if name not in {"ftp", "scm"}:
        raise WebError(404, "NotFound", f"There is no publishing policy '{name}'; `ftp` and `scm` are.")
    return name


def _policy_wire(resource: Resource, site: Site, name: str) -> dict[str, Any]:
    head = {"id": f"{resource.id}/basicPublishingCredentialsPolicies/{name}", "name": name, "type": _POLICY}
    return {**head, "location": resource.location, "properties": {"allow": site.publishing[name]}}
