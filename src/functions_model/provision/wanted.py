"""From a spec to the resources that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.provision.nouns import RegistryResource, Role, Wanted

if TYPE_CHECKING:
    from functions_model.core.references import ImageReference
    from functions_model.core.spec import DeploymentSpec, Target

TAGS = {"managed-by": "functions-model-action"}

ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
REPOSITORY_READER = "b93aa761-3e63-49ed-ac28-beffa264f7ac"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
TABLE_DATA_CONTRIBUTOR = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
"""Role definitions: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles."""


def wanted_for(spec: DeploymentSpec, image: ImageReference, registry: RegistryResource) -> Wanted:
    """The resources that a deployment needs.

    Args:
        spec: Its `target` is set.
        image: With its digest.
        registry: Where the image is pulled from.

    Raises:
        ValueError: The spec has no target, or the image no digest: an error of the caller.
    """
    if spec.target is None:
        message = "a deployment needs a target"
        raise ValueError(message)
    target = spec.target
    return Wanted(
        subscription_id=target.subscription_id,
        group=target.resource_group,
        location=target.location,
        plan_name=target.plan_name,
        plan_sku=target.plan_sku,
        storage_account=target.storage_account,
        identity_name=target.identity_name,
        app_name=target.app_name,
        image=image.pinned,
        registry=registry,
        roles=(_pull_role(registry), *_host_storage_roles(target)),
        app_settings=target.app_settings,
        tags=TAGS,
    )


def _pull_role(registry: RegistryResource) -> Role:
    name = registry.id.rpartition("/")[2]
    if registry.abac:
        return Role("Container Registry Repository Reader", REPOSITORY_READER, registry.id, name)
    return Role("AcrPull", ACR_PULL, registry.id, name)


def _host_storage_roles(target: Target) -> tuple[Role, ...]:
    """The host keeps keys and locks in blobs, and its diagnostic events in a table."""
    scope = (
        f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"
        f"/providers/Microsoft.Storage/storageAccounts/{target.storage_account}"
    )
    roles = (("Storage Blob Data Owner", BLOB_DATA_OWNER), ("Storage Table Data Contributor", TABLE_DATA_CONTRIBUTOR))
    return tuple(Role(name, guid, scope, target.storage_account, on_storage=True) for name, guid in roles)
