"""The errors people meet, as a table: how each is recognised, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What the service said, in one form for both error shapes.

    Attributes:
        status: The HTTP status; 0 when no answer came.
        code: `AuthorizationFailed` and the like.
        message: One line.
        extended: Microsoft.Web's own number, such as `54001`; empty elsewhere.
    """

    status: int
    code: str
    message: str
    extended: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One recognised cause. Every part that is given must match.

    Attributes:
        name: Short and stable, for tests and for rooms that treat it specially.
        remedy: Whole sentences; `{name}` is filled from the named groups of `text`.
        status: HTTP status, any when 0.
        code: A pattern that the whole code matches, any when empty.
        text: A pattern that is found in the message, any when empty.
        extended: Microsoft.Web's extended code, any when empty.
        meaning: What is told in place of the service's words; empty keeps them.
    """

    name: str
    remedy: str
    status: int = 0
    code: str = ""
    text: str = ""
    extended: str = ""
    meaning: str = ""

    def words(self, said: Said) -> tuple[str, str] | None:
        """Message and remedy when this is the cause, else None."""
        if self.status and self.status != said.status:
            return None
        if self.code and not re.fullmatch(self.code, said.code, re.IGNORECASE):
            return None
        if self.extended and self.extended != said.extended:
            return None
        found = re.search(self.text, said.message, re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        groups = {key: value or "?" for key, value in found.groupdict().items()}
        return self.meaning.format_map(groups) or said.message, self.remedy.format_map(groups)


_OBJECT_ID = r"object id '(?P<object_id>[^']*)'"
_ACTION_SCOPE = r"action '(?P<action>[^']*)'.*?over scope '(?P<scope>[^']*)'"
_OTHER_NAME = "Choose another name: it is unique in all of Azure."

CAUSES: tuple[Cause, ...] = (
    Cause(
        "quota",
        "Choose another `location` or `plan-sku`, or ask for more quota in the portal "
        "(Subscription, Usage + quotas, App Service).",
        text=r"additional quota|quota limit|quota of \d+|exceeded .*quota",
    ),
    Cause(
        "role-assignment-forbidden",
        "Contributor may not assign roles. Ask an owner to run: az role assignment create "
        "--assignee-object-id {object_id} --assignee-principal-type ServicePrincipal "
        '--role "Role Based Access Control Administrator" --scope {scope}',
        status=403,
        code="AuthorizationFailed|LinkedAuthorizationFailed",
        text=_OBJECT_ID + r".*?action '(?P<action>Microsoft\.Authorization/roleAssignments/write)'"
        r".*?over scope '(?P<scope>.*?)/providers/Microsoft\.Authorization/roleAssignments",
    ),
    Cause(
        "authorization",
        "The action `{action}` is not allowed. Ask an owner to run: az role assignment create "
        "--assignee-object-id {object_id} --assignee-principal-type ServicePrincipal --role Contributor "
        "--scope {scope}",
        status=403,
        code="AuthorizationFailed|LinkedAuthorizationFailed",
        text=_OBJECT_ID + ".*?" + _ACTION_SCOPE,
    ),
    Cause(
        "policy",
        "A policy of the subscription or group forbids it. Name the policy to its owner, and ask for an exemption "
        "or for values that it allows.",
        code="RequestDisallowedByPolicy|RequestDisallowedByAzure",
    ),
    Cause(
        "provider-not-registered",
        "Ask an owner to run: az provider register --namespace {namespace}",
        code="MissingSubscriptionRegistration",
        text=r"namespace '(?P<namespace>[^']*)'",
    ),
    Cause("app-name-taken", _OTHER_NAME + " Set `app-name`.", extended="54001"),
    Cause(
        "app-name-taken",
        _OTHER_NAME + " Set `app-name`.",
        status=409,
        text=r"website with given name .* already exists",
    ),
    Cause(
        "account-name-taken",
        _OTHER_NAME + " Set `storage-account`, or `data-storage-account` for that of a blob trigger.",
        code="StorageAccountAlreadyTaken",
    ),
    Cause(
        "account-elsewhere",
        "The account exists in another resource group. Set `storage-account`, or `data-storage-account` for that of a "
        "blob trigger, to another name.",
        code="StorageAccountInAnotherResourceGroup",
    ),
    Cause(
        "account-name-invalid",
        "Set `storage-account` to 3-24 lower-case letters and digits.",
        code="AccountNameInvalid",
    ),
    Cause(
        "container-being-deleted",
        "The container was deleted a moment ago. Run again in a minute.",
        status=409,
        code="ContainerBeingDeleted",
    ),
    Cause(
        "namespace-name-taken",
        _OTHER_NAME + " Set `service-bus-namespace`.",
        text=r"specified name is not available|namespace name .*(already|previously) (used|in use|taken)|NameInUse",
    ),
    Cause(
        "namespace-name-invalid",
        "Set `service-bus-namespace` to 6-50 letters, digits and hyphens that start with a letter and end with a "
        "letter or a digit, and neither in `-sb` nor in `-mgmt`.",
        text=r"specified service namespace is invalid|not a valid .*namespace name",
    ),
    Cause(
        "namespace-sku",
        "Choose another `service-bus-sku` or `location`, or set `service-bus-namespace` to a namespace that is there.",
        text=r"^(?=.*\b(messaging|namespaces?|service ?bus)\b)(?=.*\b(sku|tier|premium)\b)"
        r".*\b(not|only) (supported|available|allowed)\b",
    ),
    Cause(
        "queue-in-conflict",
        "Another change of the queue is being made. Run again in a minute.",
        status=409,
        text=r"SubCode=4090[01]",
    ),
    Cause(
        "principal-not-found",
        "The new identity is not known everywhere yet. Run again in a minute.",
        code="PrincipalNotFound",
    ),
    Cause("role-assignment-exists", "Nothing is to be done: the role is assigned.", code="RoleAssignmentExists"),
    Cause(
        "role-assignment-reused",
        "Delete the role assignment of the identity that is gone, then run again.",
        code="RoleAssignmentUpdateNotPermitted",
    ),
    Cause(
        "group-on-other-system",
        "The group is bound to workers without Linux in this location, even after its plans are gone. "
        "Use a new `resource-group`, or another `location`.",
        code="LinuxDynamicWorkersNotAllowedInResourceGroup",
    ),
    Cause(
        "group-on-other-system",
        "The group is bound to workers without Linux in this location, even after its plans are gone. "
        "Use a new `resource-group`, or another `location`.",
        text=r"linux workers are not available in resource group|requested feature is not available in resource group",
    ),
    Cause(
        "group-on-other-system",
        "The group cannot hold this plan beside those that it has. Use a new `resource-group`.",
        code="BadRequest|400",
        text=r"index \(zero based\) must be greater",
    ),
    Cause("resource-group-missing", "Run again: the plan creates the group.", code="ResourceGroupNotFound"),
    Cause(
        "subscription-not-found",
        "Check `subscription-id`, and that the login's tenant holds it.",
        code="SubscriptionNotFound|InvalidSubscriptionId",
    ),
    Cause(
        "token-refused",
        "Check `tenant-id` and `cloud`: the token is not one that this Resource Manager takes.",
        status=401,
        code="InvalidAuthenticationToken.*|ExpiredAuthenticationToken|AuthenticationFailed",
    ),
    Cause(
        "scope-locked",
        "Ask an owner to remove the lock on the resource or its group.",
        code="ScopeLocked",
    ),
    Cause(
        "operation-in-progress",
        "Another deployment is working on it. Wait until it has ended and run again.",
        status=409,
        code=".*OperationInProgress|AnotherOperationInProgress|Conflict",
        text="operation.*in progress|conflicting operation|is being (created|updated|deleted)",
    ),
    Cause("throttled", "Azure is being asked too often. Wait some minutes and run again.", status=429),
)
"""In order: the first that matches is told."""

UNKNOWN_REMEDIES: tuple[tuple[int, int, str], ...] = (
    (401, 401, "Check `tenant-id`, `client-id` and `cloud`."),
    (403, 403, "Ask an owner of the subscription for the right to do this."),
    (404, 404, "Check the names that were given, and run again."),
    (409, 409, "Another process may be working on it. Wait until it has ended and run again."),
    (400, 499, "Correct the inputs that the message names and run again."),
    (500, 599, "Azure had a fault of its own. Run again; what was done is kept."),
)
"""Lowest status, highest status, remedy: what is told of an error that no cause fits."""
