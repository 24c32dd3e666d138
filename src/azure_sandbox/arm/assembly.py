"""Join the providers to one Azure Resource Manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_sandbox.arm.authorization.responses import AuthorizationResponses
from azure_sandbox.arm.container_registry.importing import ImportResponses
from azure_sandbox.arm.container_registry.responses import RegistryResponses
from azure_sandbox.arm.identity.responses import IdentityResponses
from azure_sandbox.arm.machine_learning.responses import MachineLearningResponses
from azure_sandbox.arm.machine_learning.state import Workspaces
from azure_sandbox.arm.monitor.components import ComponentResponses
from azure_sandbox.arm.monitor.workspaces import WorkspaceResponses
from azure_sandbox.arm.operations import Durations, Operations
from azure_sandbox.arm.policies import Policies
from azure_sandbox.arm.resource_locks import Locks
from azure_sandbox.arm.resources.responses import ResourcesResponses
from azure_sandbox.arm.resources.tags import TagsResponses, check_tags
from azure_sandbox.arm.routing import Router
from azure_sandbox.arm.service import ArmService
from azure_sandbox.arm.service_bus.responses import ServiceBusResponses
from azure_sandbox.arm.service_bus.state import ServiceBusNamespaces
from azure_sandbox.arm.storage.responses import StorageResponses
from azure_sandbox.arm.storage.state import StorageAccounts
from azure_sandbox.arm.store import Store
from azure_sandbox.arm.subscriptions import Subscriptions
from azure_sandbox.arm.versions import PUBLIC, Versions
from azure_sandbox.arm.web import stacks
from azure_sandbox.arm.web.configuration import ConfigurationResponses
from azure_sandbox.arm.web.host import HostResponses
from azure_sandbox.arm.web.names import NameResponses
from azure_sandbox.arm.web.plans import PlanResponses
from azure_sandbox.arm.web.room import RoomResponses
from azure_sandbox.arm.web.sites import SiteResponses
from azure_sandbox.arm.web.slots import SwapResponses
from azure_sandbox.arm.web.state import Sites

if TYPE_CHECKING:
    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.routing import ArmRoute
    from azure_sandbox.arm.web.room import Room
    from azure_sandbox.contract import AppPlatform, RegistryPlatform, ServiceBusEmulator
    from azure_sandbox.directory import EntraDirectory
    from azure_sandbox.storage_contract import StorageEmulator


@dataclass(frozen=True, slots=True)
class Platforms:
    """What brings ARM's resources to life."""

    storage: StorageEmulator
    apps: AppPlatform
    registries: RegistryPlatform
    service_bus: ServiceBusEmulator


class Arm:
    """The tenant's subscriptions with their providers. The attributes set a scene and show what came of it.

    `groups`, `providers` and `room` are those of the first subscription; `subscriptions` has those of all.

    Args:
        subscription: The first subscription's id, a GUID in lower case.
        directory: The tenant.
        assignments: Role assignments, shared with the data plane.
        platforms: The data plane.
        durations: How long things take.
        cloud: Which of Azure's clouds it is: `AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`.
        ingestion: Where Application Insights takes telemetry; empty: Azure's own address.
    """

    def __init__(
        self,
        subscription: str,
        directory: EntraDirectory,
        assignments: RoleAssignments,
        platforms: Platforms,
        *,
        durations: Durations | None = None,
        cloud: str = PUBLIC,
        ingestion: str = "",
    ) -> None:
        self.subscription = subscription
        self.directory = directory
        self.assignments = assignments
        self.durations = durations or Durations()
        self._ingestion = ingestion
        self.store = Store()
        self.subscriptions = Subscriptions(directory.tenant_id, self.durations.registration)
        first = self.subscriptions.add(subscription, "Sandbox")
        self.groups, self.providers, self.room = first.groups, first.providers, first.room
        self.operations = Operations()
        self.accounts = StorageAccounts(self.store, platforms.storage)
        self.sites = Sites(self.store, platforms.apps, directory)
        self.service_bus = ServiceBusNamespaces(self.store, platforms.service_bus)
        self.workspaces = Workspaces(self.store, self.accounts, platforms.storage)
        self.registries = RegistryResponses(self.store, platforms.registries, self.operations, self.durations)
        self.tags = TagsResponses(self.store, self.subscriptions)
        self.policies, self.locks = Policies(self.tags.live), Locks()
        self.service = ArmService(
            Router(self._routes(platforms)),
            directory,
            assignments,
            subscriptions=self.subscriptions,
            operations=self.operations,
            versions=Versions(cloud),
            governed=(check_tags, self.locks.check, self.policies.check),
        )

    def _routes(self, platforms: Platforms) -> list[ArmRoute]:
        return [
            *self._resources().routes(),
            *self.tags.routes(),
            # Before the others: their routes lie below any resource.
            *AuthorizationResponses(self.assignments, self.subscriptions).routes(),
            *self.locks.routes(),
            *self.policies.routes(),
            *PlanResponses(self.store, self.durations, self._room_in).routes(),
            *RoomResponses(self.store, self._room_in).routes(),
            *NameResponses(self.sites).routes(),
            *self._site_responses().routes(),
            *ConfigurationResponses(self.store, self.sites, self.durations).routes(),
            *HostResponses(self.store, self.sites, platforms.apps).routes(),
            *SwapResponses(self.store, self.sites, platforms.apps, self.operations, self.durations).routes(),
            *stacks.routes(),
            *StorageResponses(self.store, self.accounts, self.operations, self.durations).routes(),
            *ServiceBusResponses(self.store, self.service_bus, self.operations, self.durations).routes(),
            *MachineLearningResponses(self.store, self.workspaces).routes(),
            *IdentityResponses(self.store, self.directory).routes(),
            *ComponentResponses(self.store, self.assignments, self._ingestion).routes(),
            *WorkspaceResponses(self.store, self.operations, self.durations).routes(),
            *self.registries.routes(),
            *self._imports(platforms).routes(),
        ]

    def _room_in(self, subscription: str) -> Room:
        return self.subscriptions.get(subscription).room

    def _resources(self) -> ResourcesResponses:
        return ResourcesResponses(
            self.store,
            self.subscriptions,
            self.assignments,
            self.operations,
            durations=self.durations,
            tenant=self.directory.tenant_id,
        )

    def _imports(self, platforms: Platforms) -> ImportResponses:
        return ImportResponses(self.store, platforms.registries, self.assignments, self.operations, self.durations)

    def _site_responses(self) -> SiteResponses:
        tenant = self.directory.tenant_id
        return SiteResponses(self.store, self.sites, self.assignments, durations=self.durations, tenant=tenant)
