"""Whether the name of an app, or of a slot's host, is free in all of Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.routing import SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.web.plans import NAMESPACE

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.web.state import Sites

_READ = f"{NAMESPACE}/checknameavailability/read"
"""learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile: it is a permission of its own."""
_KINDS = frozenset({"site", "slot", "microsoft.web/sites", "microsoft.web/sites/slots"})
"""`CheckNameResourceTypes` of azure-mgmt-web, as far as they are apps. terraform asks for a slot as for the site
`<app>-<slot>` (internal/services/appservice/linux_function_app_slot_resource.go:411)."""


class NameResponses:
    """The handler of `checknameavailability`. A name that is taken is an answer with status 200."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    def routes(self) -> list[ArmRoute]:
        """Where it answers."""
        path = f"{SUBSCRIPTION}/providers/{NAMESPACE}/checknameavailability"
        return [ArmRoute("POST", path, self._check, _READ)]

    def _check(self, request: ArmRequest) -> ArmResponse:
        name, kind = str(request.body.get("name") or ""), str(request.body.get("type") or "").lower()
        reason, message = self._refusal(name) if kind in _KINDS else ("", "")
        return ArmResponse(200, {"nameAvailable": not reason, "reason": reason, "message": message})

    def _refusal(self, name: str) -> tuple[str, str]:
        """Reason and message; empty for a name that is free.

        The words: Azure/azure-cli, command_modules/appservice/_create_util.py:339, and for a name that is taken the
        example of Azure/azure-sdk-for-go (templatesgroup, `TestNewCheckNameAvailabilityClient_CheckGlobal`).
        """
        if not self._sites.is_name(name):
            return "Invalid", (
                "Site names only allow alphanumeric characters and hyphens, cannot start or end in a hyphen, and must "
                "be less than 64 chars."
            )
        taken = f"Hostname '{name}' already exists. Please select a different name."
        return ("AlreadyExists", taken) if self._sites.is_taken(name) else ("", "")
