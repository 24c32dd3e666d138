"""Where in Azure the app lives, or what of it is to be removed: names given, names derived."""

from __future__ import annotations

from functions_model.core.names import LiveTarget, Resources
from functions_model.core.secrets import Secret
from functions_model.core.spec import Access, OnPlan, RemovalSpec, Target
from functions_model.inputs import rules
from functions_model.inputs.building import YesNo
from functions_model.inputs.collecting import take_collect
from functions_model.inputs.files import take_sample
from functions_model.inputs.form import Form
from functions_model.inputs.placing import Places, is_elsewhere
from functions_model.inputs.registries import (
    CLOUDS,
    KnownCloud,
    known_cloud,
    missing_of_login,
    named_registry,
    take_login,
)
from functions_model.inputs.settings import note_dots, read_app_settings, refuse_ports
from functions_model.inputs.tags import take_tags
from functions_model.inputs.unused_settings import note_unused

_BUS_SKU = "service-bus-sku"
_FOR_WHAT_IS_NEW = (_BUS_SKU, "log-analytics-workspace")
"""Inputs that say how something is made, and change nothing of one that is there."""
DEFAULT_SKU = "EP1"
"""The smallest plan that is always warm, and adds instances by itself."""


_TELEMETRY = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY")
"""App settings that say where telemetry goes."""


def read_target(form: Form) -> Target:
    """The target, with everything that is wrong with it noted. The trigger has been read."""
    places = Places(form)
    plan, storage = places.take("plan-name"), places.take("storage-account")
    identity, access = places.take("identity-name"), form.take("access", Access) or Access.IDENTITY
    _refuse_unused_identity(form, access)
    settings, problems = read_app_settings(form)
    form.problems += problems
    note_dots(form, settings)
    note_unused(form, settings)
    refuse_ports(form, settings)
    insights, logs = places.take("application-insights"), places.take("log-analytics-workspace")
    _refuse_unused_telemetry(form, settings)
    data, namespace = (
        places.take(name) if form.uses(name) else None for name in ("data-storage-account", "service-bus-namespace")
    )
    slot, swap = _slot(form, places.names.app)
    places.refuse_two(storage, data or "")
    collect, collected = take_collect(form, places.names.app), places.take("collect-storage-account")
    places.refuse_two(storage, collected, "collect-storage-account")
    return Target(
        names=places.names.at(slot),
        location=form.take("location", rules.location),
        resources=Resources(
            plan=plan,
            storage_account=storage,
            identity=identity,
            data_storage_account=data,
            collect_storage_account=(collected or data or storage) if collect else None,
            service_bus_namespace=namespace,
            application_insights=insights or None,
            log_analytics_workspace=logs if insights else "",
            other_groups=places.other_groups,
            other_subscriptions=places.other_subscriptions,
        ),
        hosting=OnPlan(
            sku=form.take("plan-sku", rules.plan_sku) or DEFAULT_SKU,
            sku_given=bool(form.text("plan-sku")),
            minimum=form.take("plan-min-instances", rules.instances),
            maximum=form.take("plan-max-instances", rules.instances),
            swap=swap,
        ),
        app_settings=settings,
        service_bus_sku=(form.uses(_BUS_SKU) and form.take(_BUS_SKU, rules.service_bus_sku)) or "Standard",
        access=access,
        given=frozenset(name for name in _FOR_WHAT_IS_NEW if form.text(name)),
        tags=take_tags(form),
        collect=collect,
    )


def _refuse_unused_telemetry(form: Form, settings: dict[str, Secret]) -> None:
    """A workspace for no component, and a component beside the address of another one."""
    if form.text("log-analytics-workspace") and not form.text("application-insights"):
        what = "it is set without `application-insights`, whose data it would keep"
        form.refuse("log-analytics-workspace", what, "Set both, or neither.")
    own = next((name for name in settings if name.upper().startswith(_TELEMETRY)), "")
    if own and form.text("application-insights"):
        what = f"it cannot be combined with the app setting `{own}`, which names a component itself"
        form.refuse("application-insights", what, "Remove one of the two.")


def _refuse_unused_identity(form: Form, access: Access) -> None:
    if access is Access.KEYS and form.text("identity-name"):
        what = "it cannot be combined with `access: keys`, which uses no identity"
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


def read_removal(form: Form) -> RemovalSpec:
    """The removal, with everything that is wrong with it noted.

    Which trigger the app has does not matter: what was never made is not found. Models, scripts, environments and
    location may be given, as a workflow may use one set of inputs for all modes. They are not read. What says how much
    goes is read, and refused where it cannot be meant. Of `registry` the ARM id is read, for the role on it.
    """
    for name in missing_of_login(form):
        form.miss(name)
    places = Places(form)
    slot = take_slot(form, places.names.app)
    with_data = form.take("destroy-data", YesNo) is YesNo.YES
    _refuse_what_cannot_be_meant(form, slot, with_data=with_data)
    cloud = form.take("cloud", known_cloud) or CLOUDS[0]
    resources = _resources_to_remove(places)
    return RemovalSpec(
        mode=form.mode,
        login=take_login(form, cloud),
        names=places.names.at(slot),
        resources=resources,
        with_data=with_data,
        elsewhere=(*_registry_elsewhere(form, cloud), *places.ids_elsewhere),
    )


def _resources_to_remove(places: Places) -> Resources:
    return Resources(
        plan=places.take("plan-name"),
        storage_account=places.take("storage-account"),
        identity=places.take("identity-name"),
        data_storage_account=places.take("data-storage-account"),
        collect_storage_account=places.take("collect-storage-account") or None,
        service_bus_namespace=places.take("service-bus-namespace"),
        application_insights=places.take("application-insights") or None,
        log_analytics_workspace=places.take("log-analytics-workspace"),
        other_groups=places.other_groups,
        other_subscriptions=places.other_subscriptions,
    )


def _registry_elsewhere(form: Form, cloud: KnownCloud) -> tuple[str, ...]:
    """Its ARM id, where that is of another subscription. Any other form says nothing that a removal needs."""
    if not form.text("registry").startswith("/"):
        return ()
    found = form.take("registry", lambda text: named_registry(text, cloud))
    return (found.id,) if found and is_elsewhere(form, found.subscription) else ()


def read_live(form: Form) -> LiveTarget:
    """The app that is to be asked, with everything that is wrong with it noted."""
    for name in missing_of_login(form):
        form.miss(name)
    names = Places(form).names
    login = take_login(form, form.take("cloud", known_cloud) or CLOUDS[0])
    return LiveTarget(login, names.at(take_slot(form, names.app)), take_sample(form))


def _refuse_what_cannot_be_meant(form: Form, slot: str, *, with_data: bool) -> None:
    """Whoever names a slot and more than a slot may mean either; a removal does not guess."""
    if form.take("swap", rules.switch):
        remedy = "Leave it out: with `slot-name` that slot alone is removed, without it the app with all its slots."
        form.refuse("swap", f"`mode: {form.mode}` swaps nothing", remedy)
    if slot and with_data:
        what = f"a slot has no own data, and with `slot-name: {slot}` nothing but that slot is removed"
        form.refuse("destroy-data", what, "Leave it out, or leave `slot-name` out to remove the whole deployment.")
