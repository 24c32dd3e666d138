"""Microsoft.Authorization on the wire: role assignments and role definitions, at any scope."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azure_sandbox.arm.authorization.definitions import ROLES
from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.ids import covers
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import LOGIN_ONLY, ArmRoute

if TYPE_CHECKING:
    from azure_sandbox.arm.authorization.state import RoleAssignment, RoleAssignments
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.subscriptions import Subscriptions

_PROVIDER = "{scope}/providers/Microsoft.Authorization"
_IN_GROUP = re.compile(r"/subscriptions/([^/]+)/resourceGroups/([^/]+)", re.IGNORECASE)
_IN_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_EQUALS = re.compile(r"(\w+)\s+eq\s+'([^']*)'", re.IGNORECASE)
_ASSIGNED_TO = re.compile(r"assignedTo\('([^']*)'\)", re.IGNORECASE)


class AuthorizationResponses:
    """The handlers."""

    def __init__(self, assignments: RoleAssignments, subscriptions: Subscriptions) -> None:
        self._assignments = assignments
        self._subscriptions = subscriptions

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        assignments, definitions = f"{_PROVIDER}/roleAssignments", f"{_PROVIDER}/roleDefinitions"
        root = "/providers/Microsoft.Authorization/roleDefinitions/{name}"
        return [
            ArmRoute("GET", assignments, self.list),
            ArmRoute("GET", f"{assignments}/{{name}}", self.get),
            ArmRoute("PUT", f"{assignments}/{{name}}", self.put),
            ArmRoute("DELETE", f"{assignments}/{{name}}", self.delete),
            ArmRoute("GET", f"{_PROVIDER}/permissions", self.list_permissions),
            ArmRoute("GET", root, self.get_definition, LOGIN_ONLY),
            ArmRoute("GET", definitions, self.list_definitions),
            ArmRoute("GET", f"{definitions}/{{name}}", self.get_definition),
        ]

    def put(self, request: ArmRequest) -> ArmResponse:
        """201 for a new one, 200 for one that was there."""
        scope = request.values["scope"].rstrip("/")
        assignment, created = self._assignments.create(
            request.name, scope, request.properties, _subscription_of(request)
        )
        return ArmResponse(201 if created else 200, assignment.wire())

    def get(self, request: ArmRequest) -> ArmResponse:
        """200, or 404 RoleAssignmentNotFound."""
        found = self._assignments.find(request.name, request.values["scope"].rstrip("/"))
        if found is None:
            raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{request.name}' is not found.")
        return ArmResponse(200, found.wire())

    def delete(self, request: ArmRequest) -> ArmResponse:
        """200 with what was removed, or 204."""
        found = self._assignments.find(request.name, request.values["scope"].rstrip("/"))
        removed = self._assignments.remove(request.name) if found else None
        return ArmResponse(200, removed.wire()) if removed else ArmResponse(204)

    def list(self, request: ArmRequest) -> ArmResponse:
        """Those at, above and below the scope, narrowed by `$filter`."""
        scope = request.values["scope"]
        found = self._assignments.around(scope)
        for term in _terms(request.query.get("$filter", "")):
            found = [one for one in found if _fits(one, term, scope)]
        return listing([one.wire() for one in found])

    def list_permissions(self, request: ArmRequest) -> ArmResponse:
        """What the caller may do at the scope: one entry for each role that counts there, inherited ones included.

        Raises:
            ArmError: ResourceGroupNotFound.
        """
        scope = request.values["scope"]
        if found := _IN_GROUP.match(scope):
            self._subscriptions.get(found[1]).groups.get(found[2])
        caller = request.caller
        held = self._assignments.roles(caller.object_id, scope) if caller else frozenset()
        wire = [ROLES[role].wire(_subscription_of(request))["properties"]["permissions"] for role in sorted(held)]
        return listing([permission for permissions in wire for permission in permissions])

    def list_definitions(self, request: ArmRequest) -> ArmResponse:
        """All built-in roles, or those that `$filter` names."""
        roles = list(ROLES.values())
        for term in _terms(request.query.get("$filter", "")):
            equals = _EQUALS.fullmatch(term)
            if equals and equals[1].lower() == "rolename":
                roles = [role for role in roles if role.name.lower() == equals[2].lower()]
            elif equals and equals[1].lower() == "type":
                roles = [role for role in roles if equals[2].lower() == "builtinrole"]
            elif term.lower() not in {"atscope()", "atscopeandbelow()"}:
                raise _bad_filter(term)
        return listing([role.wire(_subscription_of(request)) for role in roles])

    def get_definition(self, request: ArmRequest) -> ArmResponse:
        """200, or 404 RoleDefinitionDoesNotExist."""
        role = ROLES.get(request.name.lower())
        if role is None:
            message = f"The specified role definition with ID '{request.name}' does not exist."
            raise ArmError(404, "RoleDefinitionDoesNotExist", message)
        return ArmResponse(200, role.wire(_subscription_of(request)))


def _subscription_of(request: ArmRequest) -> str:
    """The subscription of the request's scope; nothing at the tenant's root."""
    found = _IN_SUBSCRIPTION.match(request.path)
    return found[1].lower() if found else ""


def _terms(expression: str) -> list[str]:
    return [term.strip() for term in re.split(r"\s+and\s+", expression, flags=re.IGNORECASE) if term.strip()]


def _fits(assignment: RoleAssignment, term: str, scope: str) -> bool:
    if term.lower() == "atscope()":
        return covers(assignment.scope, scope)
    found = _ASSIGNED_TO.fullmatch(term)
    equals = _EQUALS.fullmatch(term)
    if equals and equals[1].lower() == "principalid":
        return assignment.principal_id.lower() == equals[2].lower()
    if found:
        return assignment.principal_id.lower() == found[1].lower()
    raise _bad_filter(term)


def _bad_filter(term: str) -> ArmError:
    return invalid(f"The filter '{term}' is not supported.", "UnsupportedQuery")
