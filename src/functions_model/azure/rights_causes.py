"""What a login, a policy, a lock or a subscription's state refuses: how each is recognised, and what to do."""

from __future__ import annotations

from functions_model.azure.assignees import assignee, grant
from functions_model.core.failures import Cause

_OBJECT_ID = r"object id '(?P<object_id>[^']*)'"
_GROUP = r"over scope '(?P<scope>/subscriptions/[^/']+(?:/resourceGroups/[^/']+)?)[^']*'"
"""What a role is granted on: the resource itself may not be there yet."""
_REGISTER = "Ask an owner of the subscription to run `az provider register --namespace {namespace}`."
_FORBIDDEN = "AuthorizationFailed|LinkedAuthorizationFailed"
_MAY_NOT = "the login with object id {object_id} may not do `{action}` at {scope}"


def _grant(role: str) -> str:
    """The command that gives the login a role, to be filled in."""
    return f"`{grant(assignee('{object_id}', '{principal_type}'), role, '{scope}')}`"


def _may_not(name: str, remedy: str, text: str) -> Cause:
    """A refusal of a right that the login lacks, by what Resource Manager says behind the login's object id."""
    return Cause(name, _OBJECT_ID + text, _MAY_NOT, remedy, status=403, code=_FORBIDDEN)


REFUSED_RIGHTS: tuple[Cause, ...] = (
    Cause(
        # A role gives no right that it denies, an owner's neither.
        "deny-assignment",
        remedy="No role helps: a deny assignment of a managed application, a deployment stack or a blueprint protects "
        "it. Ask whoever owns that, or use another `resource-group`.",
        code="DenyAssignmentAuthorizationFailed",
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
        f"Ask an owner to run {_grant('Network Contributor')}.",
        r".*?action\(s\) '(?P<action>[^']*/subnets/join/action)' on the linked scope\(s\) '(?P<scope>[^']*)'",
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
        # Azure's own demand of people, since 2025: https://aka.ms/mfaforazure.
        "second-factor",
        remedy="Azure lets people write only after a second factor. Log in as an application or a managed identity "
        "(`client-id`), or run `az login` again and confirm it there.",
        text=r"multi-?factor authentication|\bMFA\b",
        code="RequestDisallowedByAzure|RequestDisallowedByPolicy",
    ),
    Cause(
        "location-forbidden",
        remedy="The subscription may not use this location. Choose another `location`.",
        code="RequestDisallowedByAzure",
    ),
    Cause(
        "policy",
        remedy="The refusal comes from {policies}. {ways}",
        code="RequestDisallowedByPolicy",
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
    Cause(
        "provider-not-registered",
        remedy=_REGISTER,
        code="MissingSubscriptionRegistration",
        text=r"namespace '(?P<namespace>[^']*)'",
    ),
)
"""In order: the first that matches is told."""
