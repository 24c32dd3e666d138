"""The errors people meet, as a table: how each is recognised, and what to do."""

from __future__ import annotations

from functions_model.core.failures import Cause

_OBJECT_ID = r"object id '(?P<object_id>[^']*)'"
_GROUP = r"over scope '(?P<scope>/subscriptions/[^/']+(?:/resourceGroups/[^/']+)?)[^']*'"
"""What a role is granted on: the resource itself may not be there yet."""
_REGISTER = "Ask an owner of the subscription to run `az provider register --namespace {namespace}`."
_FORBIDDEN = "AuthorizationFailed|LinkedAuthorizationFailed"
_MAY_NOT = "the login with object id {object_id} may not do `{action}` at {scope}"
_OTHER_NAME = "to another name: it must be unique in all of Azure."
_OTHER_GROUP = (
    "The group is bound to workers without Linux in this location, even after its plans are gone. "
    "Use a new `resource-group`, or another `location`."
)
_BUSY = "Another deployment or person is working on it. Wait until that has ended and run again."


def _grant(role: str) -> str:
    """The command that gives the login a role, to be filled in."""
    who = "--assignee-object-id {object_id} --assignee-principal-type ServicePrincipal"
    quoted = f'"{role}"' if " " in role else role
    return f"`az role assignment create {who} --role {quoted} --scope {{scope}}`"


def _may_not(name: str, remedy: str, text: str) -> Cause:
    """A refusal of a right that the login lacks, by what Resource Manager says behind the login's object id."""
    return Cause(name, _OBJECT_ID + text, _MAY_NOT, remedy, status=403, code=_FORBIDDEN)


CAUSES: tuple[Cause, ...] = (
    Cause(
        "quota",
        remedy="Choose another `location` or `plan-sku`, or ask for more quota in the portal "
        "(Subscription, Usage + quotas, App Service).",
        text=r"additional quota|quota limit|quota of \d+|exceeded .*quota",
    ),
    _may_not(
        "role-assignment-forbidden",
        "Contributor may not assign roles. Ask an owner to run "
        f"{_grant('Role Based Access Control Administrator')}. Or set `access: keys`, which needs no roles.",
        r".*?action '(?P<action>Microsoft\.Authorization/roleAssignments/write)'"
        r".*?over scope '(?P<scope>.*?)/providers/Microsoft\.Authorization/roleAssignments",
    ),
    _may_not(
        "linked-authorization",
        f"Ask an owner to run {_grant('Managed Identity Operator')}.",
        r".*?action\(s\) '(?P<action>[^']*/assign/action)' on the linked scope\(s\) '(?P<scope>[^']*)'",
    ),
    _may_not(
        "linked-authorization",
        f"Ask an owner to run {_grant('Contributor')}.",
        r".*?action\(s\) '(?P<action>[^']*)' on the linked scope\(s\) '(?P<scope>[^']*)'",
    ),
    Cause(
        "registration-forbidden",
        remedy=_REGISTER,
        status=403,
        code=_FORBIDDEN,
        text=r"action '(?P<namespace>[^'/]*)/register/action'",
    ),
    _may_not(
        "group-forbidden",
        "Ask an owner of the subscription to create the group (`az group create`), and then to run "
        f"{_grant('Contributor')}.",
        r".*?action '(?P<action>Microsoft\.Resources/subscriptions/resourceGroups/write)'.*?" + _GROUP,
    ),
    _may_not(
        "reading-forbidden",
        f"Ask an owner to run {_grant('Reader')}.",
        r".*?action '(?P<action>[^']*/read)'.*?" + _GROUP,
    ),
    _may_not(
        "authorization", f"Ask an owner to run {_grant('Contributor')}.", r".*?action '(?P<action>[^']*)'.*?" + _GROUP
    ),
    Cause(
        "location-forbidden",
        remedy="The subscription may not use this location. Choose another `location`.",
        code="RequestDisallowedByAzure",
    ),
    Cause(
        "policy",
        remedy="The refusal comes from {policies}. Ask its owner for an exemption, or for values that it allows.",
        code="RequestDisallowedByPolicy",
    ),
    Cause(
        "provider-not-registered",
        remedy=_REGISTER,
        code="MissingSubscriptionRegistration",
        text=r"namespace '(?P<namespace>[^']*)'",
    ),
    Cause("app-name-taken", remedy=f"Set `app-name` {_OTHER_NAME}", extended="54001"),
    Cause(
        "app-name-taken",
        remedy=f"Set `app-name` {_OTHER_NAME}",
        status=409,
        text=r"website with given name .* already exists",
    ),
    Cause(
        "account-name-taken",
        remedy=f"Set `storage-account`, or `data-storage-account` for that of a blob trigger, {_OTHER_NAME}",
        code="StorageAccountAlreadyTaken",
    ),
    Cause(
        "account-elsewhere",
        remedy="The account exists in another resource group. Set `storage-account`, or `data-storage-account` for "
        "that of a blob trigger, to another name.",
        code="StorageAccountInAnotherResourceGroup",
    ),
    Cause(
        "account-name-invalid",
        remedy="Set `storage-account` to 3-24 lower-case letters and digits.",
        code="AccountNameInvalid",
    ),
    Cause(
        "container-being-deleted",
        remedy="The container was deleted a moment ago. Run again in a minute.",
        status=409,
        code="ContainerBeingDeleted",
        passes=True,
    ),
    Cause(
        "namespace-name-taken",
        remedy=f"Set `service-bus-namespace` {_OTHER_NAME}",
        text=r"specified name is not available|namespace name .*(already|previously) (used|in use|taken)|NameInUse",
    ),
    Cause(
        "namespace-name-invalid",
        remedy="Set `service-bus-namespace` to 6-50 letters, digits and hyphens that start with a letter and end with "
        "a letter or a digit, and neither in `-sb` nor in `-mgmt`.",
        text=r"specified service namespace is invalid|not a valid .*namespace name",
    ),
    Cause(
        "namespace-sku",
        remedy="Choose another `service-bus-sku` or `location`, or set `service-bus-namespace` to an existing "
        "namespace.",
        text=r"^(?=.*\b(messaging|namespaces?|service ?bus)\b)(?=.*\b(sku|tier|premium)\b)"
        r".*\b(not|only) (supported|available|allowed)\b",
    ),
    Cause(
        "queue-in-conflict",
        remedy="Azure is still changing the queue. Run again in a minute.",
        status=409,
        text=r"SubCode=4090[01]",
        passes=True,
    ),
    Cause(
        "principal-not-found",
        remedy="The new identity is not known everywhere yet. Run again in a minute.",
        code="PrincipalNotFound",
        passes=True,
    ),
    Cause("role-assignment-exists", remedy="Nothing to do: the role is already assigned.", code="RoleAssignmentExists"),
    Cause(
        "role-assignment-reused",
        remedy="The role is still assigned to a deleted identity. Delete that assignment (`az role assignment list "
        "--all` finds those without a principal), then run again.",
        code="RoleAssignmentUpdateNotPermitted",
    ),
    Cause("group-on-other-system", remedy=_OTHER_GROUP, code="LinuxDynamicWorkersNotAllowedInResourceGroup"),
    Cause("group-on-other-system", remedy=_OTHER_GROUP, extended="59324"),
    Cause(
        "group-on-other-system",
        remedy=_OTHER_GROUP,
        text=r"linux (dynamic )?workers are not available in resource group"
        r"|requested feature is not available in resource group"
        r"|pricing tier '[^']*' is not (allowed in|available for) (this )?resource group",
    ),
    Cause(
        "group-on-other-system",
        remedy="This group cannot have this plan together with its existing ones. Use a new `resource-group`.",
        code="BadRequest|400",
        text=r"index \(zero based\) must be greater",
    ),
    Cause(
        "region-without-size",
        remedy="Choose another `location` or `plan-sku`. `az appservice list-locations --sku EP1 "
        "--linux-workers-enabled` lists the locations of a size.",
        text=r"requested features? (is|are) not supported in (this |the )?region"
        r"|(sku|pricing tier|size) .{0,40}not (available|supported) in (this |the )?(region|location)",
    ),
    Cause(
        "region-unknown",
        remedy="Choose another `location`.",
        code="LocationNotAvailableForResourceType|LocationNotAvailableForResourceGroup",
    ),
    Cause(
        "no-capacity",
        remedy="The location has no capacity at the moment. Run again later, or choose another `location` or "
        "`plan-sku`, or a new `resource-group`.",
        text=r"no available instances to satisfy this request",
    ),
    Cause(
        # With 400 below a group, with 404 elsewhere: https://github.com/Azure/azure-cli/issues/31037.
        "api-version",
        remedy="This cloud, or this location, does not offer this API version yet. Choose another `location`. If "
        "all refuse it, report it with this message: an older version must be asked for there.",
        code="NoRegisteredProviderFound|InvalidResourceType|InvalidApiVersionParameter",
    ),
    Cause("resource-group-missing", remedy="Run again: the plan creates the group.", code="ResourceGroupNotFound"),
    Cause(
        "group-being-deleted",
        remedy="Wait until the group is gone and run again, or use another `resource-group`.",
        code="ResourceGroupBeingDeleted",
    ),
    Cause(
        "subscription-of-another-tenant",
        text=r"wrong issuer '[^']*?/(?P<ours>[^/']+)/?'.*?the tenant '[^']*?/(?P<theirs>[^/']+)/?'",
        meaning="the subscription belongs to the tenant `{theirs}`, and the login is one of `{ours}`",
        remedy="Set `subscription-id` to one of the login's tenant, or log in to the other (`tenant-id`).",
        subject="subscription-id",
        code="InvalidAuthenticationTokenTenant",
    ),
    Cause(
        "subscription-disabled",
        remedy="Ask the owner of the subscription to enable it again (portal: Subscriptions), or set "
        "`subscription-id` to another one.",
        subject="subscription-id",
        code="ReadOnlyDisabledSubscription|SubscriptionIsDisabled|DisabledSubscription",
    ),
    Cause(
        "subscription-not-found",
        remedy="Check `subscription-id`, and that it belongs to the login's tenant.",
        subject="subscription-id",
        code="SubscriptionNotFound|InvalidSubscriptionId",
    ),
    Cause(
        "token-expired",
        remedy="A new token was refused as well. Correct the runner's clock, and run again.",
        status=401,
        code="ExpiredAuthenticationToken",
    ),
    Cause(
        "token-refused",
        remedy="Check `tenant-id` and `cloud`: this Resource Manager does not accept the token.",
        status=401,
        code="InvalidAuthenticationToken.*|AuthenticationFailed",
    ),
    Cause(
        "scope-locked",
        remedy="Ask an owner to remove the lock on {scope}: `az lock list` shows it, `az lock delete` removes it.",
        code="ScopeLocked",
        text=r"locked: '(?P<scope>[^']*)'",
    ),
    Cause("scope-locked", remedy="Ask an owner to remove the lock on the resource or its group.", code="ScopeLocked"),
    Cause("operation-in-progress", remedy=_BUSY, code=".*OperationInProgress|AnotherOperationInProgress", passes=True),
    Cause(
        # Microsoft.Web gives it the status 409 or 429: https://github.com/microsoft/Partner-Smart-Office/issues/1.
        "operation-in-progress",
        remedy=_BUSY,
        text=r"another (conflicting )?operation( is|) (currently )?in progress|conflicting operation"
        r"|operation is (currently )?in progress",
        passes=True,
    ),
    Cause(
        "operation-in-progress",
        remedy=_BUSY,
        status=409,
        code="Conflict",
        text=r"is being (created|updated)",
        passes=True,
    ),
    Cause("throttled", remedy="Azure is throttling requests. Wait {wait} and run again.", status=429, passes=True),
)
"""In order: the first that matches is told."""

UNKNOWN_REMEDIES: tuple[tuple[int, int, str], ...] = (
    (401, 401, "Check `tenant-id`, `client-id` and `cloud`."),
    (403, 403, "Ask an owner of the subscription for the right to do this."),
    (404, 404, "Check the names, and run again."),
    (409, 409, "Another process may be working on it. Wait until it has ended and run again."),
    (400, 499, "Correct the inputs that the message names and run again."),
    (500, 599, "Azure had an internal error. Run again; finished steps are not repeated."),
    (0, 999, "Check the connection to Azure and run again."),
)
"""Lowest status, highest status, remedy: what is told of an error that no cause fits."""
