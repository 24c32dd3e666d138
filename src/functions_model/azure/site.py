"""A function app, or one of its deployment slots: the same operations, by other names in the SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def __str__(self) -> str:
        """``the function app `iris` ``, or ``the slot `staging` of the function app `iris` ``."""
        app = f"the function app `{self.app}`"
        return f"the slot `{self.slot}` of {app}" if self.slot else app
