"""What a new sandbox has in it before anybody asks: principals with rights, and a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.authorization.definitions import OWNER
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.directory import FederatedCredential
from azure_sandbox.endpoints import LOCATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_sandbox.arm.assembly import Arm
    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.azure_devops_oidc import AzureDevOpsOidc
    from azure_sandbox.directory import Application, EntraDirectory
    from azure_sandbox.github_oidc import GithubOidc
    from azure_sandbox.imds import Imds


def first_principal(
    directory: EntraDirectory,
    issuers: Iterable[GithubOidc | AzureDevOpsOidc],
    imds: Imds,
    roles: RoleAssignments,
    subscription_id: str,
) -> Application:
    """The principal `deployer`, which trusts the issuers. It and the machine's identity own the subscription."""
    application = directory.add_application("deployer")
    for issuer in issuers:
        trusted = FederatedCredential(issuer.issuer, issuer.subject)
        directory.add_federated_credential(application.principal.client_id, trusted)
    imds.system = directory.add_managed_identity("machine", "")
    for principal in (application.principal, imds.system):
        roles.grant(principal.object_id, OWNER, f"/subscriptions/{subscription_id}")
    return application


def first_registry(arm: Arm, subscription_id: str, group: str, name: str) -> str:
    """A registry of the tier Premium, in a group of its own; its login server."""
    arm.groups.put(group, LOCATION, {})
    kind = "Microsoft.ContainerRegistry", ("registries",)
    registry = ResourceId(subscription_id, group, *kind, (name,))
    made = arm.registries.create(registry, LOCATION, {"sku": {"name": "Premium"}})
    return str(made.properties["loginServer"])
