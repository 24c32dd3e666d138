"""Finding the registry that the image goes to."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem
from functions_model.provision.nouns import RegistryResource

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients

_ABAC = "AbacRepositoryPermissions"


def find_registry(clients: AzureClients, name: str) -> RegistryResource:
    """The registry of that name or login server, in the subscription.

    Args:
        clients: Of the subscription.
        name: `contoso` or `contoso.azurecr.io`, in any case.

    Raises:
        PlanRefused: There is none that the login can see, or the list cannot be read.
    """
    from azure.core.exceptions import AzureError

    action = f"find the registry `{name}`"
    try:
        registries = list(clients.registries.registries.list())
    except AzureError as exc:
        error = explain(exc, action)
        raise PlanRefused(action, [Problem(error.reason, error.remedy, "registry")]) from exc
    for registry in registries:
        if name.lower() in {str(registry.name).lower(), str(registry.login_server).lower()}:
            return _found(registry)
    known = ", ".join(f"`{registry.login_server}`" for registry in registries) or "none"
    what = (
        f"the subscription `{clients.subscription_id}` has no such registry that this login can see (it sees {known})"
    )
    remedy = "Check `registry` and `subscription-id`, and that the login has the role Reader on the registry."
    raise PlanRefused(action, [Problem(what, remedy, "registry")])


def _found(registry: Any) -> RegistryResource:
    mode = getattr(registry.role_assignment_mode, "value", registry.role_assignment_mode)
    abac, admin = str(mode).lower() == _ABAC.lower(), bool(registry.admin_user_enabled)
    return RegistryResource(str(registry.id), str(registry.login_server), abac=abac, admin=admin)
