"""What making and removing a deployment have in common: where it is, and what its app is called."""

from __future__ import annotations

from dataclasses import dataclass, replace


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

    def at(self, slot: str = "") -> Names:
        """The same app with another slot, or by itself."""
        return replace(self, slot=slot)

    @property
    def place(self) -> str:
        """`` `iris` ``, or `` `iris/staging` ``."""
        return f"`{self.slot_of_app}`" if self.slot else f"`{self.app}`"

    @property
    def flags(self) -> str:
        """What `az` names it by: `--name iris --resource-group rg`, and `--slot staging`."""
        return f"--name {self.app} --resource-group {self.group}{f' --slot {self.slot}' if self.slot else ''}"

    def __str__(self) -> str:
        """``the function app `iris` ``, or ``the slot `staging` of the function app `iris` ``."""
        app = f"the function app `{self.app}`"
        return f"the slot `{self.slot}` of {app}" if self.slot else app

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
