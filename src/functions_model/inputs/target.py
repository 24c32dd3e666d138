"""Where in Azure the app lives: names given, names derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.spec import Target
from functions_model.inputs import derived, rules
from functions_model.inputs.app_settings import read_app_settings
from functions_model.inputs.specs import BLOB, QUEUE

if TYPE_CHECKING:
    from functions_model.inputs.form import Form


def read_target(form: Form) -> Target:
    """The target, with everything that is wrong with it noted. The trigger has been read."""
    subscription = form.take("subscription-id", rules.guid)
    group = form.take("resource-group", rules.resource_group)
    app = form.take("app-name", rules.app_name)
    plan = form.take("plan-name", rules.plan_name) or (derived.plan_name(app) if app else "")
    storage = form.take("storage-account", rules.storage_account)
    settings, problems = read_app_settings(form)
    form.problems += problems
    names = (app or "", group or "", subscription or "")
    return Target(
        subscription_id=subscription,
        resource_group=group,
        location=form.take("location", rules.location),
        app_name=app,
        plan_name=plan,
        plan_sku=form.take("plan-sku", rules.plan_sku),
        storage_account=storage or derived.storage_account(*names),
        identity_name=derived.identity_name(app or ""),
        app_settings=settings,
        data_storage_account=_data_storage(form, names) if form.trigger == BLOB else None,
        service_bus_namespace=_namespace(form, names) if form.trigger == QUEUE else None,
        service_bus_sku=_sku(form) if form.trigger == QUEUE else "Standard",
    )


def _data_storage(form: Form, names: tuple[str, str, str]) -> str:
    given = form.take("data-storage-account", rules.storage_account)
    return given or derived.data_storage_account(*names)


def _namespace(form: Form, names: tuple[str, str, str]) -> str:
    given = form.take("service-bus-namespace", rules.service_bus_namespace)
    return given or derived.service_bus_namespace(*names)


def _sku(form: Form) -> str:
    return form.take("service-bus-sku", rules.service_bus_sku) or "Standard"
