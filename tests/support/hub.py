"""A hub: a second subscription, with a registry, a workspace and a component that the apps of others use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.store import Resource
from azure_sandbox.endpoints import LOCATION

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

GROUP = "hub-rg"


class Hub:
    """A subscription of the sandbox's tenant in which no login holds a role.

    Args:
        sandbox: Where it is made.
        name: Of the registry; 5 to 50 letters and digits.
    """

    def __init__(self, sandbox: Sandbox, name: str, **registry: object) -> None:
        self.sandbox = sandbox
        self.subscription = sandbox.add_subscription(name, role=None)
        sandbox.arm.subscriptions.get(self.subscription).groups.put(GROUP, LOCATION, {})
        self.registry = str(self._id("Microsoft.ContainerRegistry", "registries", name))
        self.workspace = str(self._id("Microsoft.OperationalInsights", "workspaces", f"{name}-logs"))
        self.component = str(self._id("Microsoft.Insights", "components", f"{name}-insights"))
        body = {"sku": {"name": "Premium"}, "properties": registry}
        sandbox.arm.registries.create(self._id("Microsoft.ContainerRegistry", "registries", name), LOCATION, body)
        self._put("Microsoft.OperationalInsights", "workspaces", f"{name}-logs", provisioningState="Succeeded")
        where = f"InstrumentationKey={self.subscription};IngestionEndpoint=https://{LOCATION}-0.in.localhost/"
        told = {"ConnectionString": where, "WorkspaceResourceId": self.workspace}
        self._put("Microsoft.Insights", "components", f"{name}-insights", **told)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Method and type of all that was made, changed or removed there; to ask a registry for an import is none."""
        ours = [one for one in self.sandbox.journal.writes() if self.subscription in one.path and one.method != "POST"]
        return [(one.method, one.path.partition("?")[0].split("/")[-2]) for one in ours]

    def documents(self) -> list[object]:
        """Everything that is there, as it is."""
        return [one.wire() for one in self.sandbox.arm.store.list(within=f"/subscriptions/{self.subscription}")]

    def roles_on(self, scope: str) -> set[tuple[str, str]]:
        """Principal and role of the assignments at a resource."""
        found = self.sandbox.roles.around(scope)
        return {(one.principal_id, one.role) for one in found if one.scope.lower() == scope.lower()}

    def _id(self, namespace: str, kind: str, name: str) -> ResourceId:
        return ResourceId(self.subscription, GROUP, namespace, (kind,), (name,))

    def _put(self, namespace: str, kind: str, name: str, **properties: object) -> None:
        self.sandbox.arm.store.put(
            Resource(self._id(namespace, kind, name), LOCATION, {}, {"properties": dict(properties)})
        )
