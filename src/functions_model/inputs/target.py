"""Where in Azure the app lives: names given, names derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.access import Access
from functions_model.core.names import Names
from functions_model.core.spec import Target
from functions_model.inputs import derived, rules
from functions_model.inputs.app_settings import note_dots, read_app_settings, refuse_ports
from functions_model.inputs.placing import refuse_two_places, take_placed
from functions_model.inputs.specs import BLOB, QUEUE

if TYPE_CHECKING:
    from functions_model.core.secrets import Secret
    from functions_model.inputs.form import Form


_FOR_WHAT_IS_NEW = ("service-bus-sku", "log-analytics-workspace")
"""Inputs that say how something is made, and change nothing of one that is there."""
DEFAULT_SKU = "EP1"
"""The smallest plan that is always warm, and adds instances by itself."""


_TELEMETRY = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY")
"""App settings that say where telemetry goes."""


def read_target(form: Form) -> Target:
    """The target, with everything that is wrong with it noted. The trigger has been read."""
    subscription = form.take("subscription-id", rules.guid)
    group = form.take("resource-group", rules.resource_group)
    app = form.take("app-name", rules.app_name)
    other_groups: dict[str, str] = {}
    plan = take_placed(form, "plan-name", other_groups) or (derived.plan_name(app) if app else "")
    storage = take_placed(form, "storage-account", other_groups)
    identity = take_placed(form, "identity-name", other_groups)
    access = form.take("access", Access) or Access.IDENTITY
    _refuse_unused_identity(form, access)
    settings, problems = read_app_settings(form)
    form.problems += problems
    note_dots(form, settings)
    refuse_ports(form, settings)
    insights = take_placed(form, "application-insights", other_groups)
    logs = take_placed(form, "log-analytics-workspace", other_groups)
    _refuse_unused_telemetry(form, settings)
    names = (app or "", group or "", subscription or "")
    data = _data_storage(form, names, other_groups) if form.trigger == BLOB else None
    namespace = _namespace(form, names, other_groups) if form.trigger == QUEUE else None
    slot, swap = _slot(form, app or "")
    refuse_two_places(form, {"storage-account": storage, "data-storage-account": data or ""}, other_groups)
    return Target(
        names=Names(subscription, group, app, slot),
        location=form.take("location", rules.location),
        plan_name=plan,
        plan_sku=form.take("plan-sku", rules.plan_sku) or DEFAULT_SKU,
        storage_account=storage or derived.storage_account(*names),
        identity_name=identity or derived.identity_name(app or ""),
        app_settings=settings,
        data_storage_account=data,
        service_bus_namespace=namespace,
        service_bus_sku=_sku(form) if form.trigger == QUEUE else "Standard",
        other_groups=other_groups,
        plan_sku_given=bool(form.text("plan-sku")),
        plan_minimum=form.take("plan-min-instances", rules.instances),
        swap=swap,
        plan_maximum=form.take("plan-max-instances", rules.instances),
        access=access,
        given=frozenset(name for name in _FOR_WHAT_IS_NEW if form.text(name)),
        application_insights=insights or None,
        log_analytics_workspace=(logs or derived.log_analytics_workspace(app or "")) if insights else "",
    )


def _refuse_unused_telemetry(form: Form, settings: dict[str, Secret]) -> None:
    """A workspace for no component, and a component beside the address of another one."""
    if form.text("log-analytics-workspace") and not form.text("application-insights"):
        what = "it is given without `application-insights`, whose data it would keep"
        form.refuse("log-analytics-workspace", what, "Give both, or none of the two.")
    own = next((name for name in settings if name.upper().startswith(_TELEMETRY)), "")
    if own and form.text("application-insights"):
        what = f"it is given beside the app setting `{own}`, which names a component itself"
        form.refuse("application-insights", what, "Remove one of the two.")


def _refuse_unused_identity(form: Form, access: Access) -> None:
    if access is Access.KEYS and form.text("identity-name"):
        what = "it is given beside `access: keys`, which uses no identity"
        form.refuse("identity-name", what, "Remove one of the two.")


LONGEST_LABEL = 63
"""Characters between two dots of a host name: RFC 1035, section 2.3.4."""


def take_slot(form: Form, app: str) -> str:
    """The slot's name; empty when none is given."""
    slot = form.take("slot-name", rules.slot_name)
    if slot and len(f"{app}-{slot}") > LONGEST_LABEL:
        what = f"the slot's host would be called `{app}-{slot}`, which is longer than {LONGEST_LABEL} characters"
        form.refuse("slot-name", what, "Use a shorter name.")
    return slot or ""


def _slot(form: Form, app: str) -> tuple[str, bool]:
    """The slot, and whether it is swapped."""
    slot = take_slot(form, app)
    swap = bool(form.take("swap", rules.switch))
    if swap and not form.text("slot-name"):
        form.refuse("swap", "there is no slot to swap with", "Set `slot-name`, or leave `swap` out.")
    return slot, swap


def _data_storage(form: Form, names: tuple[str, str, str], other_groups: dict[str, str]) -> str:
    return take_placed(form, "data-storage-account", other_groups) or derived.data_storage_account(*names)


def _namespace(form: Form, names: tuple[str, str, str], other_groups: dict[str, str]) -> str:
    return take_placed(form, "service-bus-namespace", other_groups) or derived.service_bus_namespace(*names)


def _sku(form: Form) -> str:
    return form.take("service-bus-sku", rules.service_bus_sku) or "Standard"
