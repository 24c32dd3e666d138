"""Every kind of resource, and every look at what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.provision.kinds.application_insights import APPLICATION_INSIGHTS
from functions_model.provision.kinds.blob_container import BLOB_CONTAINER
from functions_model.provision.kinds.function_app import FUNCTION_APP
from functions_model.provision.kinds.identity import IDENTITY
from functions_model.provision.kinds.log_analytics_workspace import LOG_ANALYTICS_WORKSPACE
from functions_model.provision.kinds.plan import PLAN
from functions_model.provision.kinds.provider import PROVIDER
from functions_model.provision.kinds.resource_group import RESOURCE_GROUP
from functions_model.provision.kinds.role_assignment import ROLE_ASSIGNMENT
from functions_model.provision.kinds.service_bus_namespace import SERVICE_BUS_NAMESPACE
from functions_model.provision.kinds.service_bus_queue import SERVICE_BUS_QUEUE
from functions_model.provision.kinds.slot import SLOT
from functions_model.provision.kinds.storage_account import STORAGE_ACCOUNT
from functions_model.provision.kinds.swap import SWAP_OF_SLOT
from functions_model.provision.names import NAMES
from functions_model.provision.plan_room import PLAN_ROOM
from functions_model.provision.providers import PROVIDERS

if TYPE_CHECKING:
    from functions_model.provision.kind import Kind, Look

KINDS: tuple[Kind, ...] = (
    PROVIDER,
    RESOURCE_GROUP,
    PLAN,
    STORAGE_ACCOUNT,
    BLOB_CONTAINER,
    SERVICE_BUS_NAMESPACE,
    SERVICE_BUS_QUEUE,
    LOG_ANALYTICS_WORKSPACE,
    APPLICATION_INSIGHTS,
    IDENTITY,
    ROLE_ASSIGNMENT,
    FUNCTION_APP,
    SLOT,
    SWAP_OF_SLOT,
)
"""In the order in which a plan shows them: what others depend on comes first."""
LOOKS: tuple[Look, ...] = (*(look for kind in KINDS for look in kind.looks), NAMES, PLAN_ROOM, PROVIDERS)
"""In no order: each says what it needs."""
