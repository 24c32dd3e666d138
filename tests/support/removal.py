"""A deployment to remove in tests: the names of `support.wanted`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions_model.core.names import Names, Resources
from functions_model.core.secrets import Login
from functions_model.core.spec import Mode, RemovalSpec
from functions_model.hosting.app_service import app as function_app
from functions_model.hosting.app_service import plan, slot
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision.host import Found
from functions_model.provision.kinds import (
    application_insights,
    identity,
    log_analytics_workspace,
    resource_group,
    role_assignment,
    service_bus_namespace,
    storage_account,
)
from functions_model.provision.removable import RolesHeld, Standing
from support.fake_arm import SUBSCRIPTION
from support.wanted import changed

REMOVAL = RemovalSpec(
    mode=Mode.DESTROY,
    login=Login("tenant", "client", None, "audience", "AzureCloud"),
    names=Names(SUBSCRIPTION, "iris-rg", "iris"),
    resources=Resources(
        plan="iris-plan",
        storage_account="irisstorage",
        identity="iris-identity",
        data_storage_account="irisdata",
        service_bus_namespace="iris-bus",
        application_insights="iris-insights",
        log_analytics_workspace="iris-logs",
    ),
)
HUB = "22222222-2222-2222-2222-222222222222"
"""Another subscription."""
_GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/iris-rg"


def removal(**changes: Any) -> RemovalSpec:
    """The removal; keywords change it."""
    return changed(REMOVAL, **changes)


def standing(kind: Any, name: str, *, ours: bool = True) -> Standing:
    """A resource of the group, by the module of its kind."""
    return Standing(kind.KIND, name, f"{_GROUP_ID}/providers/{kind.TYPE}/{name}", ours)


def role(scope: str, number: int) -> Standing:
    """A role assignment of the identity, on a registry of another subscription."""
    guid = f"00000000-0000-0000-0000-{number:012}"
    kind = "Microsoft.Authorization/roleAssignments"
    place = f"/subscriptions/{HUB}/resourceGroups/hub/providers/Microsoft.ContainerRegistry/registries/{scope}"
    return Standing(role_assignment.KIND, f"AcrPull on {scope}", f"{place}/providers/{kind}/{guid}", True)


APP = standing(function_app, "iris")
SLOT = Standing(slot.KIND, "iris/pr-12", f"{APP.id}/slots/pr-12", ours=True)
PLAN = standing(plan, "iris-plan")
IDENTITY = standing(identity, "iris-identity")
ACCOUNT = standing(storage_account, "irisstorage")
BUS = standing(service_bus_namespace, "iris-bus")
COMPONENT = standing(application_insights, "iris-insights")
WORKSPACE = standing(log_analytics_workspace, "iris-logs")
GROUP = Standing(resource_group.KIND, "iris-rg", _GROUP_ID, ours=True)
_ALL = (APP, IDENTITY, PLAN, ACCOUNT, BUS, COMPONENT, WORKSPACE)
WHOLE = Found(
    host=APP_SERVICE,
    group=GROUP,
    resources=_ALL,
    roles=RolesHeld((role("contoso", 1), role("irisstorage", 2))),
    members=tuple(one.id for one in _ALL),
    components=(COMPONENT.id,),
)
"""All of a deployment, and nothing else."""


def found(**changes: Any) -> Found:
    """All of a deployment; keywords change what is found."""
    return replace(WHOLE, **changes)


def without_tag(one: Standing) -> tuple[Standing, ...]:
    """All of a deployment, where one resource was made by somebody else."""
    return tuple(replace(each, ours=each.id != one.id) for each in WHOLE.resources)
