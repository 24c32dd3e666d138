"""What making and removing a deployment have in common: where it is, and what its app is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """Where the resources of one deployment are, and what its app is called.

    Attributes:
        subscription: Its id, a GUID.
        group: The resource group of what the deployment makes.
        app: The function app.
        slot: Its deployment slot; empty for the app itself.
    """

    subscription: str
    group: str
    app: str
    slot: str = ""

    @property
    def slot_of_app(self) -> str:
        """The slot as plans call it: `<app>/<slot>`."""
        return f"{self.app}/{self.slot}"

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return self.id_of_group(self.group)

    def id_of_group(self, group: str) -> str:
        """ARM id of a resource group of the subscription."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{group}"

    def id_of(self, resource_type: str, name: str) -> str:
        """ARM id of a resource in the group; the type as `Microsoft.Web/sites`."""
        return f"{self.group_id}/providers/{resource_type}/{name}"
