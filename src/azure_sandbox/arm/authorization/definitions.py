"""Built-in role definitions: their constant GUIDs, and what they allow."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_READ = "*/read"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"
_TABLES = "Microsoft.Storage/storageAccounts/tableServices/tables"
_DELEGATION = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
_ENTITIES = tuple(f"Microsoft.ServiceBus/*/{entity}/read" for entity in ("queues", "topics", "topics/subscriptions"))


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """One built-in role.

    Attributes:
        id: A GUID, the same in every tenant.
        name: `AcrPull`.
        actions: Allowed operations of the control plane, with `*`.
        not_actions: Taken away from `actions`.
        data_actions: Allowed operations of the data plane.
    """

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role holds that permission."""
        return _any(self.actions, action) and not _any(self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """Whether the role holds that permission on data."""
        return _any(self.data_actions, action)

    def wire(self, subscription: str) -> dict[str, Any]:
        """As ARM shows it in a subscription, or at the tenant's root."""
        permission = {
            "actions": list(self.actions),
            "notActions": list(self.not_actions),
            "dataActions": list(self.data_actions),
            "notDataActions": [],
        }
        above = f"/subscriptions/{subscription}" if subscription else ""
        return {
            "id": f"{above}/providers/Microsoft.Authorization/roleDefinitions/{self.id}",
            "name": self.id,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": self.name,
                "type": "BuiltInRole",
                "description": "",
                "assignableScopes": ["/"],
                "permissions": [permission],
            },
        }


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
USER_ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
ACR_PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"
SERVICE_BUS_DATA_RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SERVICE_BUS_DATA_SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
SERVICE_BUS_DATA_OWNER = "090c5cfd-751d-490a-894a-3ce6f1109419"
LOG_ANALYTICS_CONTRIBUTOR = "92aaf0da-9dab-42b6-94a3-d43ce8d16293"
AZUREML_DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"

_NO_ACCESS_CONTROL = (
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
)
_ROLES = (
    RoleDefinition(OWNER, "Owner", ("*",)),
    RoleDefinition(CONTRIBUTOR, "Contributor", ("*",), _NO_ACCESS_CONTROL),
    RoleDefinition(READER, "Reader", (_READ,)),
    RoleDefinition(USER_ACCESS_ADMINISTRATOR, "User Access Administrator", (_READ, "Microsoft.Authorization/*")),
    RoleDefinition(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        (
            _READ,
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
        ),
    ),
    RoleDefinition(
        "de139f84-1756-47ae-9be6-808fbbe84772",
        "Website Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Web/certificates/*",
            "Microsoft.Web/listSitesAssignedToHostName/read",
            "Microsoft.Web/serverFarms/join/action",
            "Microsoft.Web/serverFarms/read",
            "Microsoft.Web/sites/*",
        ),
    ),
    RoleDefinition(
        "2cc479cb-7b4d-49a8-b449-8c00fd0f0a4b",
        "Web Plan Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Web/serverFarms/*",
        ),
    ),
    RoleDefinition(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    RoleDefinition(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    RoleDefinition(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        (
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    RoleDefinition(ACR_PULL, "AcrPull", ("Microsoft.ContainerRegistry/registries/pull/read",)),
    RoleDefinition(
        ACR_PUSH,
        "AcrPush",
        ("Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"),
    ),
    RoleDefinition(
        "577a9874-89fd-4f24-9dbd-b5034d0ad23a",
        "Container Registry Data Importer and Data Reader",
        (
            "Microsoft.ContainerRegistry/registries/importImage/action",
            "Microsoft.ContainerRegistry/registries/read",
            "Microsoft.ContainerRegistry/registries/pull/read",
        ),
    ),
    RoleDefinition(
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
        "AcrDelete",
        ("Microsoft.ContainerRegistry/registries/artifacts/delete",),
    ),
    RoleDefinition(
        "b93aa761-3e63-49ed-ac28-beffa264f7ac",
        "Container Registry Repository Reader",
        data_actions=("Microsoft.ContainerRegistry/registries/repositories/content/read",),
    ),
    RoleDefinition(
        "2a1e307c-b015-4ebd-883e-5b7698a07328",
        "Container Registry Repository Writer",
        data_actions=(
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/write",
        ),
    ),
    RoleDefinition(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=(
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    ),
    RoleDefinition(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        (f"{_BLOBS}/*", _DELEGATION),
        data_actions=(f"{_BLOBS}/blobs/*",),
    ),
    RoleDefinition(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        (f"{_BLOBS}/read", f"{_BLOBS}/write", f"{_BLOBS}/delete", _DELEGATION),
        data_actions=tuple(
            f"{_BLOBS}/blobs/{verb}" for verb in ("read", "write", "delete", "move/action", "add/action")
        ),
    ),
    RoleDefinition(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        (f"{_BLOBS}/read", _DELEGATION),
        data_actions=(f"{_BLOBS}/blobs/read",),
    ),
    RoleDefinition("db58b8e5-c6ad-4a2a-8342-4190687cbf4a", "Storage Blob Delegator", (_DELEGATION,)),
    RoleDefinition(
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "Storage Queue Data Contributor",
        (f"{_QUEUES}/read", f"{_QUEUES}/write", f"{_QUEUES}/delete"),
        data_actions=tuple(f"{_QUEUES}/messages/{verb}" for verb in ("read", "write", "delete", "process/action")),
    ),
    RoleDefinition(
        "19e7f393-937e-4f77-808e-94535e297925",
        "Storage Queue Data Reader",
        (f"{_QUEUES}/read",),
        data_actions=(f"{_QUEUES}/messages/read",),
    ),
    RoleDefinition(
        "8a0f0c08-91a1-4084-bc3d-661d67233fed",
        "Storage Queue Data Message Processor",
        data_actions=(f"{_QUEUES}/messages/read", f"{_QUEUES}/messages/process/action"),
    ),
    RoleDefinition(
        "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
        "Storage Queue Data Message Sender",
        data_actions=(f"{_QUEUES}/messages/add/action",),
    ),
    RoleDefinition(
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "Storage Table Data Contributor",
        (f"{_TABLES}/read", f"{_TABLES}/write", f"{_TABLES}/delete"),
        data_actions=tuple(
            f"{_TABLES}/entities/{verb}" for verb in ("read", "write", "delete", "add/action", "update/action")
        ),
    ),
    RoleDefinition(
        "76199698-9eea-4c19-bc75-cec21354c6b6",
        "Storage Table Data Reader",
        (f"{_TABLES}/read",),
        data_actions=(f"{_TABLES}/entities/read",),
    ),
    RoleDefinition(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        ("Microsoft.Insights/Register/Action", "Microsoft.Resources/subscriptions/resourceGroups/read"),
        data_actions=("Microsoft.Insights/Metrics/Write",),
    ),
    RoleDefinition(
        LOG_ANALYTICS_CONTRIBUTOR,
        "Log Analytics Contributor",
        (_READ, "Microsoft.OperationalInsights/*", "Microsoft.Storage/storageAccounts/listKeys/action"),
    ),
    RoleDefinition(
        SERVICE_BUS_DATA_RECEIVER,
        "Azure Service Bus Data Receiver",
        _ENTITIES,
        data_actions=("Microsoft.ServiceBus/*/receive/action",),
    ),
    RoleDefinition(
        SERVICE_BUS_DATA_SENDER,
        "Azure Service Bus Data Sender",
        _ENTITIES,
        data_actions=("Microsoft.ServiceBus/*/send/action",),
    ),
    RoleDefinition(
        SERVICE_BUS_DATA_OWNER,
        "Azure Service Bus Data Owner",
        ("Microsoft.ServiceBus/*",),
        data_actions=("Microsoft.ServiceBus/*",),
    ),
    RoleDefinition(
        AZUREML_DATA_SCIENTIST,
        "AzureML Data Scientist",
        (
            # The workspace itself: `workspaces/*/read` is about what lies in it.
            "Microsoft.MachineLearningServices/workspaces/read",
            "Microsoft.MachineLearningServices/workspaces/*/read",
            "Microsoft.MachineLearningServices/workspaces/*/action",
            "Microsoft.MachineLearningServices/workspaces/*/delete",
            "Microsoft.MachineLearningServices/workspaces/*/write",
        ),
        (
            "Microsoft.MachineLearningServices/workspaces/delete",
            "Microsoft.MachineLearningServices/workspaces/write",
            "Microsoft.MachineLearningServices/workspaces/computes/*/write",
            "Microsoft.MachineLearningServices/workspaces/computes/*/delete",
            "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
            "Microsoft.MachineLearningServices/workspaces/listKeys/action",
        ),
    ),
)
ROLES = {role.id: role for role in _ROLES}
