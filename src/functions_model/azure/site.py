"""A function app, or one of its deployment slots: the same operations, by other names in the SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from functions_model.azure import api_versions

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients


@dataclass(frozen=True, slots=True)
class Site:
    """Where an app runs.

    Attributes:
        clients: Of the subscription.
        group: The resource group.
        app: The app's name.
        slot: The slot's name; empty for the app itself, which Azure calls the production slot.
    """

    clients: AzureClients
    group: str
    app: str
    slot: str = ""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Call an operation of the SDK's `web_apps`, or its twin for slots.

        Args:
            operation: `get_configuration`; its twin is `get_configuration_slot`.
            arguments: Those besides group, name and slot, by the SDK's names.
        """
        where = {"resource_group_name": self.group, "name": self.app}
        if not self.slot:
            return getattr(self.clients.web.web_apps, operation)(**where, **arguments)
        return getattr(self.clients.web.web_apps, f"{operation}_slot")(**where, slot=self.slot, **arguments)

    def ask_host(self, path: str, method: str = "GET") -> Any:
        """The JSON that the app's host answers to Resource Manager: no key is needed, and no network is in the way.

        Args:
            path: With a leading slash: `/admin/host/status`.
            method: Of HTTP.

        Raises:
            HttpResponseError: It was refused, or there is no host that answers.
        """
        from azure.core.rest import HttpRequest  # noqa: PLC0415 - a run that needs no Azure must start fast

        site = f"sites/{self.app}/slots/{self.slot}" if self.slot else f"sites/{self.app}"
        group = f"/subscriptions/{self.clients.subscription_id}/resourceGroups/{self.group}"
        url = quote(f"{group}/providers/Microsoft.Web/{site}/hostruntime{path}")
        request = HttpRequest(method, url, params={"api-version": api_versions.WEB})
        # Whoever waits for a host asks again by itself.
        response = self.clients.web.send_request(request, retry_total=0)
        response.raise_for_status()
        return response.json()

    def __str__(self) -> str:
        """``the function app `iris` ``, or ``the slot `staging` of the function app `iris` ``."""
        app = f"the function app `{self.app}`"
        return f"the slot `{self.slot}` of {app}" if self.slot else app


def container_logging(group: str, app: str, slot: str = "") -> str:
    """The command that has App Service keep what an app's container writes."""
    where = f"--name {app} --resource-group {group}{f' --slot {slot}' if slot else ''}"
    return f"az webapp log config {where} --docker-container-logging filesystem"
