"""Resources that may be in another group: a bare name, `<resource-group>/<name>`, or a whole ARM id."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from functions_model.core.failures import RuleBroken
from functions_model.core.names import Names
from functions_model.inputs import derived, rules
from functions_model.inputs.form import Form

_STORAGE = "Microsoft.Storage/storageAccounts"
PLACES: dict[str, tuple[str, Callable[[str], str], Callable[[Names], str]]] = {
    "plan-name": ("Microsoft.Web/serverfarms", rules.plan_name, derived.plan_name),
    "storage-account": (_STORAGE, rules.storage_account, derived.storage_account),
    "data-storage-account": (_STORAGE, rules.storage_account, derived.data_storage_account),
    "service-bus-namespace": (
        *("Microsoft.ServiceBus/namespaces", rules.service_bus_namespace, derived.service_bus_namespace),
    ),
    "identity-name": (
        *("Microsoft.ManagedIdentity/userAssignedIdentities", rules.identity_name, derived.identity_name),
    ),
    "application-insights": ("Microsoft.Insights/components", rules.application_insights, lambda _: ""),
    "log-analytics-workspace": (
        *("Microsoft.OperationalInsights/workspaces", rules.log_analytics_workspace, derived.log_analytics_workspace),
    ),
}
"""Each input that may say where its resource is: the type that an ARM id of it has, the rule for its name, and the name
that follows from the app's; empty where there is none then."""
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<type>[^/]+/[^/]+)"
    r"/(?P<name>[^/]+)/?",
    re.IGNORECASE,
)


def follows(name: str, names: Names) -> str:
    """The name that the resource of an input has when none is given; empty for one that there is not then."""
    return PLACES[name][2](names)


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
        raise RuleBroken(f"`{text}` is not an ARM id of one resource", f"Such an id looks like `{form}`.")
    if found["type"].lower() != resource_type.lower():
        raise RuleBroken(f"`{text}` is the id of a `{found['type']}`", f"An id looks like `{form}` here.")
    return Placed(rule(found["name"]), rules.resource_group(found["group"]), rules.guid(found["subscription"]))


class Places:
    """The resources that inputs name: those that are given, else those whose names follow from the app's.

    Attributes:
        names: Where the deployment is, and what its app is called; a text is empty where it is refused.
        elsewhere: What is given in another group than the app's, by input.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        subscription = form.take("subscription-id", rules.guid) or ""
        group = form.take("resource-group", rules.resource_group) or ""
        self.names = Names(subscription, group, form.take("app-name", rules.app_name) or "")
        self.elsewhere: dict[str, Placed] = {}

    def take(self, name: str) -> str:
        """The name of the resource of an input, one of `PLACES`."""
        resource_type, rule, _ = PLACES[name]
        found = self._form.take(name, lambda text: placed(text, resource_type, rule))
        if not found:
            return follows(name, self.names)
        refuse_other_subscription(self._form, name, found.subscription)
        if found.group and found.group.lower() != self._form.text("resource-group").lower():
            self.elsewhere[name] = found
        return found.name

    @property
    def other_groups(self) -> dict[str, str]:
        """Their groups, by input."""
        return {name: found.group for name, found in self.elsewhere.items()}

    def refuse_two(self, account: str, data_account: str) -> None:
        """Note a storage account that is given twice, in two places: its name is unique in all of Azure."""
        there, data_there = (self.elsewhere.get(name) for name in ("storage-account", "data-storage-account"))
        groups = {one.group.lower() if one else "" for one in (there, data_there)}
        if account == data_account and (where := there or data_there) and len(groups) > 1:
            what = f"`{account}` is also the `storage-account`, in another resource group"
            remedy = f"An account's name is unique in all of Azure. Give `{where.group}/{where.name}` for both."
            self._form.refuse("data-storage-account", what, remedy)


def refuse_other_subscription(form: Form, name: str, subscription: str) -> None:
    """Note a resource of another subscription than the app's; none is named where it is empty."""
    ours = form.text("subscription-id").lower()
    if subscription and ours and subscription != ours:
        what = f"it is in the subscription `{subscription}`, and the app in `{ours}`"
        remedy = "A deployment works in one subscription. Give a resource of the one that `subscription-id` names."
        form.refuse(name, what, remedy)
