"""What Azure answers when it refuses, in its own two shapes, word for word where that is known."""

from __future__ import annotations

from typing import Any

GROUP = "/subscriptions/s/resourceGroups/g"
_WHO = "The client 'f9c6c4b4' with object id '00000000-0000-0000-0000-00000000000a'"
_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


def arm(code: str, message: str, **more: Any) -> dict[str, Any]:
    """An error in Resource Manager's own shape."""
    return {"error": {"code": code, "message": message, **more}}


def web(code: str, message: str, extended: str) -> dict[str, Any]:
    """An error in the shape of Microsoft.Web, which has everything three times."""
    told = {"Code": code, "Message": message}
    entity = {"ExtendedCode": extended, "MessageTemplate": message, "Parameters": [], **told}
    details = [{"Message": message}, {"Code": code}, {"ErrorEntity": entity}]
    return {**told, "Target": None, "Details": details, "Innererror": None}


def forbidden(action: str, scope: str) -> dict[str, Any]:
    """Somebody lacks a permission."""
    return arm(
        "AuthorizationFailed",
        f"{_WHO} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is "
        "invalid. If access was recently granted, please refresh your credentials.",
    )


QUOTA = web(
    "Unauthorized",
    "Operation cannot be completed without additional quota. Additional details - Location: West Europe, Current Limit "
    "(ElasticPremium VMs): 0, Current Usage: 0, Amount required for this deployment (ElasticPremium VMs): 1",
    "52020",
)
"""With the status 401: https://github.com/Azure/azure-cli/issues/31665."""
APP_NAME = web("Conflict", "Website with given name iris already exists.", "54001")
ACCOUNT_NAME = arm("StorageAccountAlreadyTaken", "The storage account named iris is already taken.")
NAMESPACE_NAME = arm("BadRequest", "The specified name is not available. CorrelationId: c")
REGION = web("Conflict", "Requested features are not supported in region. Please try another region.", "59911")
WINDOWS = web("Conflict", "Requested feature is not available in resource group g.", "59324")
CAPACITY = web(
    "Conflict",
    "No available instances to satisfy this request. App Service is attempting to increase capacity. Please retry your "
    "request later.",
    "03029",
)
POLICY = arm(
    "RequestDisallowedByPolicy",
    "Resource 'iris' was disallowed by policy. See error details for policy resource IDs.",
    additionalInfo=[
        {
            "type": "PolicyViolation",
            "info": {
                "policyDefinitionDisplayName": "Storage accounts should have infrastructure encryption",
                "policyAssignmentName": "encrypted-twice",
                "policyAssignmentScope": "/providers/Microsoft.Management/managementGroups/contoso",
                "evaluationDetails": {
                    "evaluatedExpressions": [
                        {"result": "True", "path": "type", "expressionValue": "Microsoft.Storage/storageAccounts"},
                        {"result": "True", "path": "properties.encryption.requireInfrastructureEncryption"},
                    ]
                },
            },
        }
    ],
)
LOCK = arm(
    "ScopeLocked",
    f"The scope '{GROUP}/providers/Microsoft.Web/serverfarms/p' cannot perform write operation because following "
    f"scope(s) are locked: '{GROUP}'. Please remove the lock and try again.",
)
NO_CONTRIBUTOR = forbidden("Microsoft.Web/serverfarms/write", f"{GROUP}/providers/Microsoft.Web/serverfarms/p")
NO_ROLES = forbidden(
    "Microsoft.Authorization/roleAssignments/write", f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/r"
)
NO_REGISTRATION = forbidden("Microsoft.Web/register/action", "/subscriptions/s")
NO_IDENTITY = arm(
    "LinkedAuthorizationFailed",
    f"{_WHO} has permission to perform action 'Microsoft.Web/sites/write' on scope "
    f"'{GROUP}/providers/Microsoft.Web/sites/iris'; however, it does not have permission to perform action(s) "
    f"'{_ASSIGN}' on the linked scope(s) '{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i' "
    "(respectively) or the linked scope(s) are invalid.",
)
REUSED = arm(
    "RoleAssignmentUpdateNotPermitted",
    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
)
DISABLED = arm(
    "ReadOnlyDisabledSubscription",
    "The subscription 's' is disabled and therefore marked as read only. You cannot perform any write actions on this "
    "subscription until it is re-enabled.",
)
NO_SUBSCRIPTION = arm("SubscriptionNotFound", "The subscription 's' could not be found.")
FAULT = arm("InternalServerError", "Encountered internal server error.")
BUSY_PLAN = web(
    "Conflict",
    "Cannot modify this web hosting plan because another operation is in progress. Details: Id: 1f63d9ad, "
    "OperationName: Create, RequestId: 619814e7, EntityType: 9",
    "59205",
)
"""https://github.com/microsoft/Partner-Smart-Office/issues/1."""
BUSY_APP = web(
    "Conflict",
    "Cannot modify this site because another operation is in progress. Details: Id: 1f63d9ad, OperationName: Update",
    "59203",
)
BUSY_ACCOUNT = arm(
    "StorageAccountOperationInProgress",
    "An operation is currently performing on this storage account that requires exclusive access.",
)
BUSY_QUEUE = arm("Conflict", "SubCode=40901. Another conflicting operation is in progress.")
BUSY = arm("AnotherOperationInProgress", "Another operation on this or dependent resource is in progress.")
DELETED = arm("ContainerBeingDeleted", "The specified container is being deleted. Try operation later.")
UNKNOWN = arm(
    "PrincipalNotFound", "Principal 0a does not exist in the directory d. Check that you have the correct ID."
)
ROLE_EXISTS = arm("RoleAssignmentExists", "The role assignment already exists.")
UNREGISTERED = arm(
    "MissingSubscriptionRegistration",
    "The subscription is not registered to use namespace 'Microsoft.Web'. See https://aka.ms/rps-not-found for how to "
    "register subscriptions.",
)
THROTTLED = arm(
    "TooManyRequests", "The request is being throttled as the limit has been reached for operation type - Write."
)
EXPIRED = arm("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.windows.net/t", error="invalid_token"'}
"""The header that comes with a token that is refused, and does not come with a quota."""
