"""What `mode: destroy` is told: a login, and the names that a deployment's resources have.

Models, scripts, environments, registry and location may be given, as a workflow may use one set of inputs for all
modes. They are not read. What says how much goes is read, and refused where it cannot be meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.names import Names
from functions_model.core.removal import RemovalSpec
from functions_model.inputs import derived, rules
from functions_model.inputs.building import YesNo
from functions_model.inputs.clouds import CLOUDS, known_cloud
from functions_model.inputs.form import LOGIN
from functions_model.inputs.login import take_login
from functions_model.inputs.placing import take_placed
from functions_model.inputs.target import take_slot

if TYPE_CHECKING:
    from functions_model.inputs.form import Form


def read_removal(form: Form) -> RemovalSpec:
    """The removal, with everything that is wrong with it noted.

    Which trigger the app has does not matter: what was never made is not found.
    """
    for name in LOGIN:
        if not form.text(name):
            form.miss(name)
    subscription = form.take("subscription-id", rules.guid)
    group = form.take("resource-group", rules.resource_group)
    app = form.take("app-name", rules.app_name)
    names = (app or "", group or "", subscription or "")
    places = _Places(form)
    slot = take_slot(form, app or "")
    with_data = form.take("destroy-data", YesNo) is YesNo.YES
    _refuse_what_cannot_be_meant(form, slot, with_data=with_data)
    accounts = (
        places.take("storage-account", derived.storage_account(*names)),
        places.take("data-storage-account", derived.data_storage_account(*names)),
    )
    return RemovalSpec(
        mode=form.mode,
        login=take_login(form, form.take("cloud", known_cloud) or CLOUDS[0]),
        names=Names(subscription, group, app, slot),
        plan_name=places.take("plan-name", derived.plan_name(app or "")),
        identity_name=places.take("identity-name", derived.identity_name(app or "")),
        storage_accounts=tuple(dict.fromkeys(name for name in accounts if name)),
        service_bus_namespace=places.take("service-bus-namespace", derived.service_bus_namespace(*names)),
        application_insights=places.take("application-insights", ""),
        log_analytics_workspace=places.take("log-analytics-workspace", derived.log_analytics_workspace(app or "")),
        with_data=with_data,
        other_groups=places.other_groups,
    )


def _refuse_what_cannot_be_meant(form: Form, slot: str, *, with_data: bool) -> None:
    """Whoever names a slot and more than a slot may mean either; a removal does not guess."""
    if form.take("swap", rules.switch):
        remedy = "Leave it out: with `slot-name` that slot alone is removed, without it the app with all its slots."
        form.refuse("swap", f"`mode: {form.mode}` swaps nothing", remedy)
    if slot and with_data:
        what = f"a slot has no data of its own, and with `slot-name: {slot}` nothing but that slot is removed"
        form.refuse("destroy-data", what, "Leave it out, or leave `slot-name` out to remove the whole deployment.")


class _Places:
    """Names in the group, and what the inputs place elsewhere."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.other_groups: dict[str, str] = {}

    def take(self, name: str, derived_name: str) -> str:
        """The name of a resource in the group; empty when it is in another one."""
        groups: dict[str, str] = {}
        given = take_placed(self._form, name, groups)
        if name in groups:
            self.other_groups[name] = f"{groups[name]}/{given}"
            return ""
        return given or derived_name
