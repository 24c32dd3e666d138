"""Every kind of resource, and every look at what is there."""

from __future__ import annotations

from functions_model.provision.host import Host, Kind
from functions_model.provision.kinds.application_insights import APPLICATION_INSIGHTS
from functions_model.provision.kinds.blob_container import BLOB_CONTAINER
from functions_model.provision.kinds.identity import IDENTITY
from functions_model.provision.kinds.image_import import IMAGE_IMPORT
from functions_model.provision.kinds.log_analytics_workspace import LOG_ANALYTICS_WORKSPACE
from functions_model.provision.kinds.provider import PROVIDER
from functions_model.provision.kinds.resource_group import RESOURCE_GROUP
from functions_model.provision.kinds.role_assignment import ROLE_ASSIGNMENT
from functions_model.provision.kinds.service_bus_namespace import SERVICE_BUS_NAMESPACE
from functions_model.provision.kinds.service_bus_queue import SERVICE_BUS_QUEUE
from functions_model.provision.kinds.storage_account import STORAGE_ACCOUNT

_FIRST: tuple[Kind, ...] = (PROVIDER, RESOURCE_GROUP)
_OTHERS: tuple[Kind, ...] = (
    IMAGE_IMPORT,
    STORAGE_ACCOUNT,
    BLOB_CONTAINER,
    SERVICE_BUS_NAMESPACE,
    SERVICE_BUS_QUEUE,
    LOG_ANALYTICS_WORKSPACE,
    APPLICATION_INSIGHTS,
    IDENTITY,
    ROLE_ASSIGNMENT,
)


def kinds_of(host: Host) -> tuple[Kind, ...]:
    """Every kind, in the order in which a plan shows them: what others depend on comes first."""
    return (*_FIRST, *host.foundations, *_OTHERS, *host.kinds)
