"""What making and removing a deployment have in common: where it is, and what its app is called."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from functions_model.core.secrets import Login

CANDIDATE = "slot"
"""What people call a candidate."""
MOVE = "swap"
"""What people call it when a candidate and its app change places."""
MOVED = "swapped"


def group_id(subscription: str, group: str) -> str:
    """ARM id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


@dataclass(frozen=True, slots=True)
class Names:
    """Where the resources of one deployment are, and what its app is called.

    Attributes:
        subscription: Its id, a GUID.
        group: The resource group of what the deployment makes.
        app: The function app.
        candidate: What beside the app takes the new version: its deployment slot. Empty for the app itself.
    """

    subscription: str
    group: str
    app: str
    candidate: str = ""

    def at(self, candidate: str = "") -> Names:
        """The same app with another candidate, or by itself."""
        return replace(self, candidate=candidate)

    @property
    def place(self) -> str:
        """`` `iris` ``, or `` `iris/staging` ``."""
        return f"`{self.candidate_of_app}`" if self.candidate else f"`{self.app}`"

    @property
    def flags(self) -> str:
        """What `az` names it by: `--name iris --resource-group rg`, and `--slot staging`."""
        of_slot = f" --slot {self.candidate}" if self.candidate else ""
        return f"--name {self.app} --resource-group {shlex.quote(self.group)}{of_slot}"

    def __str__(self) -> str:
        """``the function app `iris` ``, or ``the slot `staging` of the function app `iris` ``."""
        app = f"the function app `{self.app}`"
        return f"the slot `{self.candidate}` of {app}" if self.candidate else app

    @property
    def candidate_of_app(self) -> str:
        """The candidate as plans call it: `<app>/<candidate>`."""
        return f"{self.app}/{self.candidate}"

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return self.id_of_group(self.group)

    def id_of_group(self, group: str) -> str:
        """ARM id of a resource group of the subscription."""
        return group_id(self.subscription, group)

    def id_of(self, resource_type: str, name: str) -> str:
        """ARM id of a resource in the group; the type as `Microsoft.Web/sites`."""
        return f"{self.group_id}/providers/{resource_type}/{name}"


@dataclass(frozen=True, slots=True)
class Resources:
    """What the resources of a deployment are called, but for its app. Derived names have been derived.

    A deployment has those that its trigger needs; a removal looks for those of every trigger.

    Attributes:
        plan: The plan's name.
        storage_account: The host storage account's name.
        identity: The user-assigned identity's name; with `Access.KEYS` there is none.
        data_storage_account: The storage account with the containers of a blob trigger; None with other triggers. May
            be the host storage account itself.
        collect_storage_account: The storage account that takes what the app collects; None for an app that does not.
            May be one of the other two.
        service_bus_namespace: The namespace with the queues of a Service Bus trigger; None with other triggers.
        application_insights: The Application Insights component's name; None for none.
        log_analytics_workspace: The workspace of a component that is created.
        other_groups: Resource groups of what is there already and not in the app's group, by input: `plan-name`.
        other_subscriptions: Subscriptions of those that are elsewhere, in the same way: each is in `other_groups`, too.
    """

    plan: str
    storage_account: str
    identity: str
    data_storage_account: str | None = None
    collect_storage_account: str | None = None
    service_bus_namespace: str | None = None
    application_insights: str | None = None
    log_analytics_workspace: str = ""
    other_groups: Mapping[str, str] = field(default_factory=dict)
    other_subscriptions: Mapping[str, str] = field(default_factory=dict)

    @property
    def storage_accounts(self) -> tuple[str, ...]:
        """Each once: the host's, that of a blob trigger, and that of collected data."""
        named = (self.storage_account, self.data_storage_account, self.collect_storage_account)
        return tuple(dict.fromkeys(filter(None, named)))

    @property
    def collecting_alone(self) -> str:
        """The account that takes nothing but what is collected; empty where there is none."""
        name = self.collect_storage_account or ""
        return name if name not in {self.storage_account, self.data_storage_account} else ""

    def input_of_account(self, name: str) -> str:
        """The input that names a storage account."""
        if name == self.storage_account:
            return "storage-account"
        return "data-storage-account" if name == self.data_storage_account else "collect-storage-account"

    def group_id_of(self, given: str, names: Names) -> str:
        """ARM id of the resource group of what an input names; `names` says where the app is."""
        subscription = self.other_subscriptions.get(given, names.subscription)
        return group_id(subscription, self.other_groups.get(given, names.group))


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """An app that is to be asked: what `logs` and `call` need to know.

    Attributes:
        names: With a candidate, that one is meant.
        sample: What `call` sends where no file is named; None where there is none.
    """

    login: Login
    names: Names
    sample: Path | None = None
