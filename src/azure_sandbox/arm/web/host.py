"""Microsoft.Web/sites on the wire: what reaches through to the running app (keys, functions, log, restarts)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, WebError
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import ArmRoute
from azure_sandbox.arm.web.sites import ONE, site_id, with_slots
from azure_sandbox.contract import AppState

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Resource, Store
    from azure_sandbox.arm.web.site import Site
    from azure_sandbox.arm.web.state import Sites
    from azure_sandbox.contract import AppPlatform

_MACHINE_KEY = "MACHINEKEY_DecryptionKey"
_SYNCHRONOUS_RESTART_SECONDS = 230.0
"""Azure's front ends give up on a request after 230 s."""
_BRIDGED = ("/admin/host/status", "/admin/functions", "/admin/functions/{function}/status")
"""What goes through: the platform tells the host that it asks itself (azure-functions-host,
Filters/ArmExtensionResourceFilter.cs, Security/Authorization/AuthorizationOptionsExtensions.cs)."""
_HOST_READ = "Microsoft.Web/sites/hostruntime/host/read"
"""https://learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile#microsoftweb."""


class HostResponses:
    """The handlers."""

    def __init__(self, store: Store, sites: Sites, platform: AppPlatform) -> None:
        self._store = store
        self._sites = sites
        self._platform = platform

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        one = [
            ArmRoute("POST", f"{ONE}/host/default/listkeys", self._host_keys),
            ArmRoute("GET", f"{ONE}/functions", self._functions),
            ArmRoute("GET", f"{ONE}/functions/{{function}}", self._function),
            ArmRoute("POST", f"{ONE}/functions/{{function}}/listkeys", self._function_keys),
            ArmRoute("POST", f"{ONE}/syncfunctiontriggers", self._sync),
            ArmRoute("POST", f"{ONE}/host/default/sync", self._sync),
            ArmRoute("POST", f"{ONE}/restart", self._restart),
            ArmRoute("POST", f"{ONE}/start", self._start),
            ArmRoute("POST", f"{ONE}/stop", self._stop),
            ArmRoute("POST", f"{ONE}/containerlogs", self._log),
            *(ArmRoute("GET", f"{ONE}/hostruntime{path}", self._bridge, _HOST_READ) for path in _BRIDGED),
            ArmRoute("POST", f"{ONE}/hostruntime/admin/host/restart", self._bridge),
        ]
        return with_slots(one)

    def _host_keys(self, request: ArmRequest) -> ArmResponse:
        self._prove(request)
        keys = self._platform.keys(self._id(request))
        if keys is None:
            raise not_running()
        return ArmResponse(
            200, {"masterKey": keys.master, "functionKeys": dict(keys.functions), "systemKeys": dict(keys.system)}
        )

    def _function_keys(self, request: ArmRequest) -> ArmResponse:
        self._one_function(request)
        self._prove(request)
        keys = self._platform.function_keys(self._id(request), request.values["function"])
        if keys is None:
            raise not_running()
        return ArmResponse(200, dict(keys))

    def _functions(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return listing([_function_wire(resource, site, one) for one in self._indexed(request)])

    def _function(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        return ArmResponse(200, _function_wire(resource, site, self._one_function(request)))

    def _one_function(self, request: ArmRequest) -> dict[str, Any]:
        name = request.values["function"]
        for one in self._indexed(request):
            if str(one["name"]).lower() == name.lower():
                return one
        raise ArmError(404, "NotFound", f"Function '{name}' does not exist.")

    def _indexed(self, request: ArmRequest) -> list[dict[str, Any]]:
        found = self._platform.functions(self._id(request))
        if found is None:
            raise not_running()
        return found

    def _sync(self, request: ArmRequest) -> ArmResponse:
        if self._platform.state(self._id(request)) is not AppState.RUNNING:
            raise not_running()
        self._prove(request)
        return ArmResponse(204)

    def _prove(self, request: ArmRequest) -> None:
        """Resource Manager proves itself to a Linux host with the machine key.

        What happens without one has changed: Azure/azure-functions-host#3518 (2018) has it refused on dedicated plans,
        and `az` sets the key to this day; hosts that App Service gives WEBSITE_AUTH_ENCRYPTION_KEY take that in its
        place (SecretsUtility.cs). So the sandbox does the one or the other.

        Raises:
            WebError: The host does not believe it.
        """
        _, site = self._site(request)
        if self._sites.proof_needs_machine_key and not site.settings.get(_MACHINE_KEY):
            raise WebError(400, "BadRequest", "Encountered an error (InternalServerError) from host runtime.")

    def _restart(self, request: ArmRequest) -> ArmResponse:
        resource, site = self._site(request)
        self._sites.restart(resource.id, site)
        if request.query.get("synchronous", "").lower() == "true":
            self._wait(str(resource.id))
        return ArmResponse(200)

    def _wait(self, resource_id: str) -> None:
        deadline = time.monotonic() + _SYNCHRONOUS_RESTART_SECONDS
        while self._platform.state(resource_id) is AppState.STARTING and time.monotonic() < deadline:
            time.sleep(0.1)

    def _start(self, request: ArmRequest) -> ArmResponse:
        return self._turn(request, "Running")

    def _stop(self, request: ArmRequest) -> ArmResponse:
        return self._turn(request, "Stopped")

    def _turn(self, request: ArmRequest, state: str) -> ArmResponse:
        resource, site = self._site(request)
        site.state = state
        self._sites.apply(resource.id, site, always_restart=False)
        return ArmResponse(200)

    def _log(self, request: ArmRequest) -> ArmResponse:
        text = self._platform.log(self._id(request))
        if not text:
            return ArmResponse(204)
        return ArmResponse(200, text.encode(), media_type="application/octet-stream")

    def _bridge(self, request: ArmRequest) -> ArmResponse:
        """What the host itself answers; it goes around the front end, and so around its networks, too."""
        self._prove(request)
        path = "/admin" + request.path.rpartition("/hostruntime/admin")[2]
        answer = self._platform.ask_host(self._id(request), request.method, path)
        if answer is None:
            raise not_running()
        status, body = answer
        return ArmResponse(status, body, media_type="application/json")

    def _site(self, request: ArmRequest) -> tuple[Resource, Site]:
        resource = self._store.get(site_id(request))
        return resource, self._sites.of(resource.id)

    def _id(self, request: ArmRequest) -> str:
        """The id as the platform knows it: spelled as when the site was made."""
        return str(self._store.get(site_id(request)).id)


def not_running() -> WebError:
    """What ARM says while the host does not answer."""
    return WebError(400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.")


def _function_wire(resource: Resource, site: Site, function: dict[str, Any]) -> dict[str, Any]:
    name = str(function["name"])
    config: dict[str, Any] = function.get("config") or {}
    triggers = [one for one in config.get("bindings", []) if one.get("type") == "httpTrigger"]
    route = (triggers[0].get("route") or name) if triggers else None
    properties = {
        "name": name,
        "function_app_id": None,
        "config": config,
        "language": "python",
        "isDisabled": bool(config.get("disabled")),
        "invoke_url_template": f"https://{site.host_name}/api/{route}" if route else None,
        "href": f"https://{site.host_name}/admin/functions/{name}",
        "script_href": f"https://{site.host_name}/admin/vfs/site/wwwroot/{name}/{config.get('scriptFile', '')}",
    }
    return {
        "id": f"{resource.id}/functions/{name}",
        "name": f"{'/'.join(resource.id.names)}/{name}",
        "type": f"{resource.id.resource_type}/functions",
        "location": resource.location,
        "properties": {**properties, **{k: v for k, v in function.items() if k in properties}},
    }
