"""What Azure refuses for reasons that are no fault of the run: locks, quotas, taken names, networks.

Each row is told by one cause, in words that name what refused, and what to do about it.
"""

from __future__ import annotations

from support.adversity import Row, each
from support.arm_answers import CAPACITY, arm, forbidden, web
from support.refusals import NOT_A_ROLE, SCOPE, Refusal, by_arm, by_data, by_registry, in_log, judge

ROWS: list[Row[Refusal]] = [
    Row(
        "a lock on the group forbids writing",
        "what is locked, and how the lock is found",
        by_arm(
            409,
            arm("ScopeLocked", f"The scope cannot perform write operation because scope(s) are locked: '{SCOPE}'."),
            f"remove the lock on {SCOPE}: `az lock list`",
            never=NOT_A_ROLE,
        ),
    ),
    Row(
        "a deny assignment protects the group from everybody",
        "that no role helps",
        by_arm(
            403,
            arm("DenyAssignmentAuthorizationFailed", "The access is denied because of the deny assignment 'stack'."),
            "No role helps",
            never=NOT_A_ROLE,
        ),
    ),
    Row(
        "the subscription is disabled",
        "the input, and who can enable it",
        by_arm(
            409,
            arm("ReadOnlyDisabledSubscription", "The subscription 's' is disabled and therefore marked as read only."),
            "Ask the owner of the subscription to enable it again",
        ),
    ),
    Row(
        "there is no such subscription",
        "the input",
        by_arm(404, arm("SubscriptionNotFound", "The subscription 's' could not be found."), "Check `subscription-id`"),
    ),
    Row(
        "the subscription's id is none",
        "the input",
        by_arm(
            400, arm("InvalidSubscriptionId", "The provided subscription identifier 'x' is malformed."), "`subscrip"
        ),
    ),
    Row(
        "the provider is not registered",
        "its namespace and the command",
        by_arm(
            409,
            arm(
                "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Web'"
            ),
            "az provider register --namespace Microsoft.Web",
        ),
    ),
    Row(
        "the subnet of the app may not be joined",
        "the role for networks, on the subnet",
        by_arm(
            403,
            arm(
                "LinkedAuthorizationFailed",
                "The client 'c' with object id 'o-1' has permission to perform action 'Microsoft.Web/sites/write' on "
                f"scope '{SCOPE}'; however, it does not have permission to perform action(s) 'Microsoft.Network/"
                f"virtualNetworks/subnets/join/action' on the linked scope(s) '{SCOPE}/subnets/s' (respectively).",
            ),
            '--role "Network Contributor"',
            f"--scope {SCOPE}/subnets/s",
        ),
    ),
    Row(
        "a plan's quota is zero, told with status 401",
        "it is no failed login",
        by_arm(
            401,
            web("Unauthorized", "Operation cannot be completed without additional quota. Current Limit: 0", "52020"),
            "Choose another `location` or `plan-sku`",
            never=("tenant-id", "Unauthorized"),
        ),
    ),
    Row(
        "a quota is exceeded, told by its code alone",
        "the same way out",
        by_arm(
            409,
            arm("QuotaExceeded", "Operation could not be completed as it results in exceeding approved Cores."),
            "Usage + quotas, App Service",
        ),
    ),
    Row(
        "the region has no more storage accounts for the subscription",
        "to use one that is there, not another size of plan",
        by_arm(
            409,
            arm(
                "MaxStorageAccountsCountPerSubscriptionExceeded",
                "Subscription s already contains 250 storage accounts in location westeurope.",
            ),
            "Set `storage-account` to an existing one",
            never=("plan-sku",),
        ),
    ),
    Row(
        "the subscription has no room for role assignments",
        "to remove some, or `access: keys`",
        by_arm(
            409,
            arm("RoleAssignmentLimitExceeded", "No more role assignments can be created."),
            "set `access` to `keys`",
            never=NOT_A_ROLE,
        ),
    ),
    Row(
        "the directory has no room for another identity",
        "an identity that is there; not another size of plan",
        by_arm(
            403,
            arm("Directory_QuotaExceeded", "The directory object quota limit for the Principal has been exceeded."),
            "Set `identity-name` to an existing identity",
            never=("plan-sku",),
        ),
        group="R17",
    ),
    Row(
        "the group holds as many resources as it may",
        "another group",
        by_arm(409, arm("ResourceQuotaExceeded", "800 resources of the type."), "another `resource-group`"),
    ),
    Row(
        "the size is not sold in the region",
        "another size or region",
        by_arm(
            409,
            arm("SkuNotAvailable", "The requested size for resource 'p' is currently not available in location 'x'."),
            "Choose another `location` or `plan-sku`",
        ),
    ),
    Row(
        "there are no available instances at the moment",
        "to run again later, or elsewhere",
        by_arm(409, CAPACITY, "no capacity at the moment"),
    ),
    Row(
        "another company has the storage account's name",
        "the input, and that names are unique in all of Azure",
        by_arm(409, arm("StorageAccountAlreadyTaken", "The storage account named iris is already taken."), "`storage-"),
    ),
    Row(
        "another company has the site's name",
        "the input",
        by_arm(409, web("Conflict", "Website with given name iris already exists.", "54001"), "Set `app-name`"),
    ),
    Row(
        "another company has the site's host name",
        "the input; not that somebody is working on it",
        by_arm(
            409,
            web("Conflict", "Hostname 'iris.azurewebsites.net' already exists. Please select a different name.", ""),
            "Set `app-name`",
            never=("Another process",),
        ),
        group="R17",
    ),
    Row(
        "another company has the namespace's name",
        "the input",
        by_arm(400, arm("BadRequest", "The specified name is not available."), "Set `service-bus-namespace`"),
    ),
    Row(
        "a workspace of that name was deleted last week",
        "that Azure keeps the name, and the way to have it back",
        by_arm(
            409,
            arm("Conflict", "Workspace name 'iris-logs' belongs to a soft-deleted workspace of another region."),
            "Set `log-analytics-workspace` to another name",
            never=("Another process",),
        ),
    ),
    Row(
        "Azure takes no tag of that name",
        "the input `tags`",
        by_arm(400, arm("InvalidTagNameCharacters", "The tag names 'a/b' have reserved characters."), "input `tags`"),
    ),
    Row(
        "the registry's firewall keeps this machine out",
        "the firewall; no role helps",
        by_registry(
            403,
            {"errors": [{"code": "DENIED", "message": "client with IP '20.1.2.3' is not allowed access."}]},
            "through the registry's firewall",
            never=("AcrPush", "Grant"),
        ),
    ),
    Row(
        "the login has no role on the registry",
        "the role; nothing of firewalls",
        by_registry(
            403,
            {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]},
            "AcrPush",
            never=("firewall",),
        ),
    ),
    Row(
        "the registry's firewall keeps the app out",
        "the firewall, though the same line says that it was denied",
        in_log(
            "Failed to pull image: contoso.azurecr.io/p. DENIED: client with IP '20.1.2.3' is not allowed access. "
            "Refer https://aka.ms/acr/firewall to grant access. 403 Forbidden: image pull failed, denied",
            "the registry's firewall keeps the app out",
            never=("AcrPull",),
        ),
        group="R17",
    ),
    Row(
        "storage's firewall keeps this machine out of a probe",
        "the network; no role helps",
        by_data(
            "AuthorizationFailure: This request is not authorized to perform this operation",
            "does not let this machine in",
            never=NOT_A_ROLE,
        ),
    ),
    Row(
        "the login lacks the role on storage's data",
        "the role; nothing of networks",
        by_data(
            "AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this "
            "permission",
            "Storage Blob Data Contributor",
            never=("network",),
        ),
    ),
    Row(
        "Service Bus keeps this machine out by its address, told as unauthorized",
        "the network; no role helps",
        by_data(
            "Ip has been prevented to connect to the endpoint. TrackingId:1",
            "does not let this machine in",
            never=NOT_A_ROLE,
        ),
    ),
    Row(
        "the firewall of a key vault keeps the app out",
        "the firewall; no role helps",
        in_log(
            "azure.core.exceptions.HttpResponseError: (Forbidden) Client address is not authorized and caller is not a "
            'trusted service.\nInner error: {"code": "ForbiddenByFirewall"}',
            "the firewall of a key vault keeps the app out",
            never=("role",),
        ),
    ),
    Row(
        "the app's identity has no role on a key vault",
        "the role; nothing of firewalls",
        in_log(
            "azure.core.exceptions.HttpResponseError: (Forbidden) Caller is not authorized to perform action on "
            'resource. Vault: iris\nInner error: {"code": "ForbiddenByRbac"}',
            "Key Vault Secrets User",
            never=("firewall",),
        ),
    ),
    Row(
        "the login may write nothing at all in the group",
        "the right, and the command that grants it: a missing role is told as one",
        by_arm(403, forbidden("Microsoft.Web/serverfarms/write", SCOPE), "az role assignment create"),
    ),
]


@each(ROWS)
def test_refusals_of_azure(row: Row[Refusal]) -> None:
    """The words name what refused and the way out, and nothing that would not help."""
    judge(row.case)
