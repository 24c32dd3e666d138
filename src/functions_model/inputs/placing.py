"""Resources that may be in another group: a bare name, `<resource-group>/<name>`, or a whole ARM id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.inputs import monitoring, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.inputs.form import Form

PLACES = {
    "plan-name": ("Microsoft.Web/serverfarms", rules.plan_name),
    "storage-account": ("Microsoft.Storage/storageAccounts", rules.storage_account),
    "data-storage-account": ("Microsoft.Storage/storageAccounts", rules.storage_account),
    "service-bus-namespace": ("Microsoft.ServiceBus/namespaces", rules.service_bus_namespace),
    "identity-name": ("Microsoft.ManagedIdentity/userAssignedIdentities", rules.identity_name),
    "application-insights": ("Microsoft.Insights/components", monitoring.application_insights),
    "log-analytics-workspace": ("Microsoft.OperationalInsights/workspaces", monitoring.log_analytics_workspace),
}
"""Each input that may say where its resource is: the type that an ARM id of it has, and the rule for its name."""

_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<type>[^/]+/[^/]+)"
    r"/(?P<name>[^/]+)/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A resource's name, and where it is.

    Attributes:
        name: Its name.
        group: Its resource group; empty for the one that everything is in.
        subscription: A GUID; empty for the one that everything is in.
    """

    name: str
    group: str = ""
    subscription: str = ""


def placed(text: str, resource_type: str, rule: Callable[[str], str]) -> Placed:
    """What a text names.

    Raises:
        RuleBroken: It is none of the three forms, or an id of something else.
    """
    if text.startswith("/"):
        return _of_id(text, resource_type, rule)
    group, slash, name = text.rpartition("/")
    if not slash:
        return Placed(rule(text))
    return Placed(rule(name), rules.resource_group(group))


def _of_id(text: str, resource_type: str, rule: Callable[[str], str]) -> Placed:
    form = f"/subscriptions/<id>/resourceGroups/<group>/providers/{resource_type}/<name>"
    found = _ID.fullmatch(text)
    if found is None:
        raise rules.RuleBroken(f"`{text}` is not an ARM id of one resource", f"Such an id looks like `{form}`.")
    if found["type"].lower() != resource_type.lower():
        raise rules.RuleBroken(f"`{text}` is the id of a `{found['type']}`", f"An id looks like `{form}` here.")
    return Placed(rule(found["name"]), rules.resource_group(found["group"]), rules.guid(found["subscription"]))


def take_placed(form: Form, name: str, groups: dict[str, str]) -> str:
    """The name that an input gives; empty when it gives none.

    Args:
        form: What was given.
        name: The input, one of `PLACES`.
        groups: Takes the resource group under the input's name, when it is another one than the app's.
    """
    resource_type, rule = PLACES[name]
    found = form.take(name, lambda text: placed(text, resource_type, rule))
    if not found:
        return ""
    refuse_other_subscription(form, name, found.subscription)
    if found.group and found.group.lower() != form.text("resource-group").lower():
        groups[name] = found.group
    return found.name


def refuse_other_subscription(form: Form, name: str, subscription: str) -> None:
    """Note a resource of another subscription than the app's; none is named where it is empty."""
    ours = form.text("subscription-id").lower()
    if subscription and ours and subscription != ours:
        what = f"it is in the subscription `{subscription}`, and the app in `{ours}`"
        remedy = "A deployment works in one subscription. Give a resource of the one that `subscription-id` names."
        form.refuse(name, what, remedy)


def refuse_two_places(form: Form, target_names: dict[str, str], groups: dict[str, str]) -> None:
    """Note a storage account that is given twice, in two places: its name is unique in all of Azure."""
    one, other = "storage-account", "data-storage-account"
    same = target_names.get(one) and target_names.get(one) == target_names.get(other)
    if same and groups.get(one, "").lower() != groups.get(other, "").lower():
        where = next(f"{groups[name]}/{target_names[name]}" for name in (one, other) if name in groups)
        form.refuse(
            other,
            f"`{target_names[other]}` is also the `{one}`, in another resource group",
            f"An account's name is unique in all of Azure. Give `{where}` for both.",
        )
