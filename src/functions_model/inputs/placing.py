"""Names of resources, given or following from other inputs: the same inputs give the same names on every machine.

A resource may be in another group: a bare name, `<resource-group>/<name>`, or a whole ARM id.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from functions_model.core.failures import RuleBroken
from functions_model.core.names import Names, group_id
from functions_model.inputs import rules
from functions_model.inputs.form import Form

_STORAGE_LONGEST = 24
_UNIQUE = 10
"""Letters of the hash in a name that must be unique in all of Azure: 50 bits."""
_PLAN_LONGEST = 60
_NAMESPACE_LONGEST = 50
_WORKSPACE_LONGEST = 63


def plan_name(names: Names) -> str:
    """`<app>-plan`. A name too long is cut, and gets a hash of the whole in the place of what was cut."""
    return _with_ending(names.app, "-plan", _PLAN_LONGEST)


def identity_name(names: Names) -> str:
    """`<app>-identity`; at most 69 of the 128 characters that Microsoft.ManagedIdentity takes."""
    return f"{names.app}-identity"


def log_analytics_workspace(names: Names) -> str:
    """`<app>-logs`, cut like a plan's name."""
    return _with_ending(names.app, "-logs", _WORKSPACE_LONGEST)


def storage_account(names: Names) -> str:
    """The app's letters and digits in lower case, up to 14 of them, and a hash of subscription, group and app."""
    return _letters(names, _STORAGE_LONGEST - _UNIQUE) + _global_hash(names)


def data_storage_account(names: Names) -> str:
    """Up to 10 of the app's letters and digits, `data`, and a hash: not the host storage account."""
    return f"{_letters(names, _STORAGE_LONGEST - _UNIQUE - len('data'))}data{_global_hash(names, 'data')}"


def service_bus_namespace(names: Names) -> str:
    """`<app>-bus-<hash>` in lower case. The app's name is cut to what fits, and may not start with a digit there."""
    end = f"-bus-{_global_hash(names, 'bus')}"
    start = re.sub(r"^[^a-z]+", "", names.app.lower()) or "app"
    return start[: _NAMESPACE_LONGEST - len(end)].rstrip("-") + end


def model_name(path: Path) -> str:
    """The file's name without its ending, or the folder's name; what a model's name may not hold becomes `-`."""
    name = path.name if path.is_dir() else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:255] or "model"


def _with_ending(app: str, ending: str, longest: int) -> str:
    if len(app + ending) <= longest:
        return app + ending
    kept = app[: longest - len(f"-{ending}") - 6].rstrip("-")
    return f"{kept}-{_hash(app.lower(), length=6)}{ending}"


def _letters(names: Names, most: int) -> str:
    return re.sub(r"[^a-z0-9]", "", names.app.lower())[:most]


def _global_hash(names: Names, *kind: str) -> str:
    """For a name that must be unique in all of Azure."""
    return _hash(*kind, names.subscription.lower(), names.group.lower(), names.app.lower(), length=_UNIQUE)


def _hash(*parts: str, length: int) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:length]


_STORAGE = "Microsoft.Storage/storageAccounts"
PLACES: dict[str, tuple[str, Callable[[str], str], Callable[[Names], str]]] = {
    "plan-name": ("Microsoft.Web/serverfarms", rules.plan_name, plan_name),
    "storage-account": (_STORAGE, rules.storage_account, storage_account),
    "data-storage-account": (_STORAGE, rules.storage_account, data_storage_account),
    "collect-storage-account": (_STORAGE, rules.storage_account, lambda _: ""),
    "service-bus-namespace": (
        *("Microsoft.ServiceBus/namespaces", rules.service_bus_namespace, service_bus_namespace),
    ),
    "identity-name": (*("Microsoft.ManagedIdentity/userAssignedIdentities", rules.identity_name, identity_name),),
    "application-insights": ("Microsoft.Insights/components", rules.application_insights, lambda _: ""),
    "log-analytics-workspace": (
        *("Microsoft.OperationalInsights/workspaces", rules.log_analytics_workspace, log_analytics_workspace),
    ),
}
"""Each input that may say where its resource is: the type that an ARM id of it has, the rule for its name, and the name
that follows from the app's; empty where there is none then."""
IN_ANY_SUBSCRIPTION = frozenset({"application-insights", "log-analytics-workspace"})
"""Those whose resource may be in any subscription of the tenant: what an app writes to need not be where it runs."""
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
        in_other_groups: What is given in another group than the app's, of whatever subscription, by input.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        subscription = form.take("subscription-id", rules.subscription_id) or ""
        group = form.take("resource-group", rules.resource_group) or ""
        self.names = Names(subscription, group, form.take("app-name", rules.app_name) or "")
        self.in_other_groups: dict[str, Placed] = {}

    def take(self, name: str) -> str:
        """The name of the resource of an input, one of `PLACES`."""
        resource_type, rule, _ = PLACES[name]
        found = self._form.take(name, lambda text: placed(text, resource_type, rule))
        if not found:
            return follows(name, self.names)
        elsewhere = is_elsewhere(self._form, found.subscription)
        if elsewhere and name not in IN_ANY_SUBSCRIPTION:
            _refuse_elsewhere(self._form, name, found.subscription)
        if elsewhere or (found.group and found.group.lower() != self._form.text("resource-group").lower()):
            self.in_other_groups[name] = found
        return found.name

    @property
    def other_groups(self) -> dict[str, str]:
        """Their groups, by input."""
        return {name: found.group for name, found in self.in_other_groups.items()}

    @property
    def ids_elsewhere(self) -> tuple[str, ...]:
        """ARM ids of those in another subscription."""
        found = {name: self.in_other_groups[name] for name in self.other_subscriptions}
        return tuple(
            f"{group_id(one.subscription, one.group)}/providers/{PLACES[name][0]}/{one.name}"
            for name, one in found.items()
        )

    @property
    def other_subscriptions(self) -> dict[str, str]:
        """The subscriptions of those that are not in the app's, by input."""
        return {
            name: found.subscription
            for name, found in self.in_other_groups.items()
            if is_elsewhere(self._form, found.subscription)
        }

    def refuse_two(self, account: str, other: str, given: str = "data-storage-account") -> None:
        """Note a storage account that is given twice, in two places: its name is unique in all of Azure.

        Args:
            account: That of `storage-account`.
            other: That of another input.
            given: That input.
        """
        there, other_there = (self.in_other_groups.get(name) for name in ("storage-account", given))
        groups = {one.group.lower() if one else "" for one in (there, other_there)}
        if account == other and (where := there or other_there) and len(groups) > 1:
            what = f"`{account}` is also the `storage-account`, in another resource group"
            remedy = f"An account's name is unique in all of Azure. Give `{where.group}/{where.name}` for both."
            self._form.refuse(given, what, remedy)


def is_elsewhere(form: Form, subscription: str) -> bool:
    """Whether a subscription, if one is named, is another one than the app's."""
    ours = form.text("subscription-id").lower()
    return bool(subscription and ours and subscription != ours)


def _refuse_elsewhere(form: Form, name: str, subscription: str) -> None:
    what = f"it is in the subscription `{subscription}`, and the app in `{form.text('subscription-id').lower()}`"
    remedy = "Give one of the app's subscription. Another one may have the registry, and what telemetry goes to."
    form.refuse(name, what, remedy)
