"""The app `iris` of a sandbox, deployed with and without its slot `staging`, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.web.swapping import STAY
from functions_model.hosting.app_service.swap import swap
from functions_model.provision import RunContext
from support.fake_data_plane import FakeApps

if TYPE_CHECKING:
    from functions_model.provision import Action, Change, ResourcePlan
    from support.sandbox_login import Azure

STAGING: dict[str, Any] = {"slot_name": "staging"}
SWAPPED: dict[str, Any] = {**STAGING, "swap": True}
APP, SLOT, MOVE = "function app", "deployment slot", "swap"


def make_as_new(azure: Azure) -> None:
    """Take everything away that a test has left."""
    sandbox, apps = azure.sandbox, azure.sandbox.data.apps
    sandbox.arm.sites.stays = STAY
    sandbox.arm.sites.shared_shares.clear()
    sandbox.faults.clear()
    sandbox.arm.store.remove_group(f"/subscriptions/{sandbox.subscription_id}/resourceGroups/iris-rg")
    sandbox.arm.groups.remove("iris-rg")
    assert isinstance(apps, FakeApps)
    apps.forget()
    sandbox.journal.clear()


def actions(plan: ResourcePlan) -> dict[str, Action]:
    """What happens to the app, the slot and both."""
    return {change.kind: change.action for change in plan.changes if change.kind in {APP, SLOT, MOVE}}


def change_of(plan: ResourcePlan, kind: str) -> Change:
    return next(change for change in plan.changes if change.kind == kind)


def deploy(azure: Azure, **changes: Any) -> ResourcePlan:
    """Plan and apply, and swap when that is planned."""
    plan = azure.plan(**changes)
    azure.apply(plan)
    if plan.move:
        swap(plan, plan.move, azure.clients, RunContext(report=print, sleep=lambda _: None))
    return plan


def settings(azure: Azure, slot: str = "") -> dict[str, str]:
    apps = azure.clients.web.web_apps
    if slot:
        return dict(apps.list_application_settings_slot("iris-rg", "iris", slot).properties or {})
    return dict(apps.list_application_settings("iris-rg", "iris").properties or {})


def image(azure: Azure, slot: str = "") -> str:
    """The first digit of the digest."""
    apps = azure.clients.web.web_apps
    config = apps.get_configuration_slot("iris-rg", "iris", slot) if slot else apps.get_configuration("iris-rg", "iris")
    return str(config.linux_fx_version).rpartition(":")[2][0]


def set_by_hand(azure: Azure, **values: str) -> None:
    body: Any = {"properties": {**settings(azure), **values}}
    azure.clients.web.web_apps.update_application_settings("iris-rg", "iris", body)
