"""The kinds of resources that a removal looks at: how each is read, and how it is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.provision import generic
from functions_model.provision.kinds import (
    application_insights,
    function_app,
    identity,
    log_analytics_workspace,
    plan,
    service_bus_namespace,
    slot,
    storage_account,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from functions_model.azure.clients import AzureClients
    from functions_model.core.removal import RemovalSpec


@dataclass(frozen=True, slots=True)
class Generic:
    """A resource that no client of ours knows."""

    id: str
    tags: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class RemovableKind:
    """A kind of resource in the group.

    Attributes:
        kind: As plans call it.
        type: In Resource Manager.
        names: What the deployment calls those of its own.
        read: Gives the resource by group and name.
        delete: Deletes it, and waits until it is gone.
    """

    kind: str
    type: str
    names: Callable[[RemovalSpec], tuple[str, ...]]
    read: Callable[[AzureClients, str, str], Any]
    delete: Callable[[AzureClients, str, str], None]


def _delete_app(clients: AzureClients, group: str, name: str) -> None:
    """Without its plan: Resource Manager would delete that with its last app, whoever it belongs to."""
    clients.web.web_apps.delete(group, name, delete_empty_server_farm=False)


def _delete_slot(clients: AzureClients, group: str, name: str) -> None:
    app, _, slot_name = name.partition("/")
    clients.web.web_apps.delete_slot(group, app, slot_name, delete_empty_server_farm=False)


def _delete_namespace(clients: AzureClients, group: str, name: str) -> None:
    clients.service_bus.namespaces.begin_delete(resource_group_name=group, namespace_name=name).result()


def _read_generic(kind: ModuleType, clients: AzureClients, group: str, name: str) -> Generic | None:
    document = generic.read(clients, _id(kind, clients, group, name), kind.API_VERSION)
    return Generic(str(document["id"]), document.get("tags")) if document else None


def _delete_workspace(clients: AzureClients, group: str, name: str) -> None:
    """So that it can be had back for 14 days: https://learn.microsoft.com/rest/api/loganalytics/workspaces/delete."""
    kind = log_analytics_workspace
    generic.delete(clients, _id(kind, clients, group, name), kind.API_VERSION, force="false")


def _delete_component(clients: AzureClients, group: str, name: str) -> None:
    kind = application_insights
    generic.delete(clients, _id(kind, clients, group, name), kind.API_VERSION)


def _id(kind: ModuleType, clients: AzureClients, group: str, name: str) -> str:
    return f"/subscriptions/{clients.subscription_id}/resourceGroups/{group}/providers/{kind.TYPE}/{name}"


APP = RemovableKind(
    function_app.KIND,
    function_app.TYPE,
    lambda spec: (spec.names.app,),
    lambda clients, group, name: clients.web.web_apps.get(group, name),
    _delete_app,
)
SLOT = RemovableKind(
    slot.KIND,
    slot.TYPE,
    lambda spec: (spec.names.slot_of_app,),
    lambda clients, group, name: clients.web.web_apps.get_slot(group, *name.split("/")),
    _delete_slot,
)
"""Removed by itself when it is named. With the whole deployment, slots go with their app."""
IDENTITY = RemovableKind(
    identity.KIND,
    identity.TYPE,
    lambda spec: (spec.identity_name,),
    lambda clients, group, name: clients.msi.user_assigned_identities.get(group, name),
    lambda clients, group, name: clients.msi.user_assigned_identities.delete(group, name),
)
KINDS = (
    APP,
    IDENTITY,
    RemovableKind(
        plan.KIND,
        plan.TYPE,
        lambda spec: (spec.plan_name,),
        lambda clients, group, name: clients.web.app_service_plans.get(group, name),
        lambda clients, group, name: clients.web.app_service_plans.delete(group, name),
    ),
    RemovableKind(
        storage_account.KIND,
        storage_account.TYPE,
        lambda spec: spec.storage_accounts,
        lambda clients, group, name: clients.storage.storage_accounts.get_properties(group, name),
        lambda clients, group, name: clients.storage.storage_accounts.delete(group, name),
    ),
    RemovableKind(
        service_bus_namespace.KIND,
        service_bus_namespace.TYPE,
        lambda spec: (spec.service_bus_namespace,),
        lambda clients, group, name: clients.service_bus.namespaces.get(group, name),
        _delete_namespace,
    ),
    RemovableKind(
        application_insights.KIND,
        application_insights.TYPE,
        lambda spec: (spec.application_insights,),
        partial(_read_generic, application_insights),
        _delete_component,
    ),
    RemovableKind(
        log_analytics_workspace.KIND,
        log_analytics_workspace.TYPE,
        lambda spec: (spec.log_analytics_workspace,),
        partial(_read_generic, log_analytics_workspace),
        _delete_workspace,
    ),
)
"""In the order in which they go."""
HOLD_DATA = frozenset({storage_account.KIND, service_bus_namespace.KIND, log_analytics_workspace.KIND})
USED_BY_ROLES = frozenset({storage_account.KIND, service_bus_namespace.KIND, application_insights.KIND})
"""Those that deployments hold roles on: the roles show who else uses one."""


def named(spec: RemovalSpec) -> Iterator[tuple[RemovableKind, str]]:
    """Each resource that the deployment can have in the group."""
    return ((kind, name) for kind in KINDS for name in kind.names(spec) if name)


def read_or_none(kind: RemovableKind, clients: AzureClients, group: str, name: str) -> Any:
    """The resource, or None."""
    try:
        return kind.read(clients, group, name)
    except ResourceNotFoundError:
        return None
