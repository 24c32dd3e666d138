"""A registry with an admin user, beside the sandbox's own, which has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.endpoints import LOCATION
from azure_sandbox.sandbox import SHARED_GROUP

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox


def registry_with_admin(sandbox: Sandbox, name: str) -> str:
    """Make it; its login server."""
    resource_id = ResourceId(
        sandbox.subscription_id, SHARED_GROUP, "Microsoft.ContainerRegistry", ("registries",), (name,)
    )
    body = {"sku": {"name": "Premium"}, "properties": {"adminUserEnabled": True}}
    return str(sandbox.arm.registries.create(resource_id, LOCATION, body).properties["loginServer"])
