"""Role assignments: who may do what, where, and since when."""

from __future__ import annotations

import re
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.authorization.definitions import ROLES
from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.ids import covers

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.directory import EntraDirectory

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """One assignment.

    Attributes:
        name: A GUID.
        scope: An ARM id; empty for the root.
        role: The role definition's GUID.
        principal_id: Who holds it.
        principal_type: `ServicePrincipal` as a rule.
        subscription: For the role definition's id on the wire.
        since: When it was made, seconds since 1970.
        counts_from: When it begins to count, seconds since 1970.
        description: Free text.
    """

    name: str
    scope: str
    role: str
    principal_id: str
    principal_type: str
    subscription: str
    since: float
    counts_from: float
    description: str | None = None

    def same_grant(self, other: RoleAssignment) -> bool:
        """Whether both give the same role to the same principal at the same scope."""
        return (self.scope.lower(), self.role, self.principal_id.lower()) == (
            other.scope.lower(),
            other.role,
            other.principal_id.lower(),
        )

    def wire(self) -> dict[str, Any]:
        """As ARM shows it."""
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since))
        kinds = "Microsoft.Authorization"
        return {
            "id": f"{self.scope}/providers/{kinds}/roleAssignments/{self.name}",
            "name": self.name,
            "type": f"{kinds}/roleAssignments",
            "properties": {
                "roleDefinitionId": f"/subscriptions/{self.subscription}/providers/{kinds}/roleDefinitions/{self.role}",
                "principalId": self.principal_id,
                "principalType": self.principal_type,
                "scope": self.scope or "/",
                "condition": None,
                "conditionVersion": None,
                "description": self.description,
                "createdOn": made,
                "updatedOn": made,
                "createdBy": None,
                "updatedBy": None,
                "delegatedManagedIdentityResourceId": None,
            },
        }


class RoleAssignments:
    """All assignments. Implements `contract.RoleBook`.

    Args:
        directory: Knows the principals.
        propagation_delay: Seconds until a new assignment counts, and until a new principal is found.
        clock: Seconds since 1970.

    Attributes:
        propagation_delay: May be changed; it holds for what is made afterwards.
    """

    def __init__(
        self,
        directory: EntraDirectory,
        *,
        propagation_delay: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self.propagation_delay = propagation_delay
        self._clock = clock
        self._known: dict[str, RoleAssignment] = {}
        self._lock = threading.RLock()

    def grant(self, object_id: str, role: str, scope: str) -> RoleAssignment:
        """Give a role at once, without a request: how the sandbox begins, and how tests set a scene."""
        now = self._clock()
        assignment = RoleAssignment(
            str(uuid.uuid4()), scope, role, object_id, "ServicePrincipal", _sub(scope), now, counts_from=now
        )
        with self._lock:
            self._known[assignment.name] = assignment
        return assignment

    def roles(self, object_id: str, scope: str) -> frozenset[str]:
        """Role definition GUIDs that the principal holds at the scope, inherited ones included."""
        return frozenset(one.role for one in self._active(object_id) if covers(one.scope, scope))

    def holds_any_below(self, object_id: str, scope: str) -> bool:
        """Whether the principal holds a role at, above or below the scope: it can then see that the scope exists."""
        return any(covers(one.scope, scope) or covers(scope, one.scope) for one in self._active(object_id))

    def allows(self, object_id: str, action: str, scope: str) -> bool:
        """Whether one of the principal's roles holds that permission."""
        return any(ROLES[role].allows(action) for role in self.roles(object_id, scope))

    def permits(self, object_id: str, permission: str, scope: str, *, data: bool) -> bool:
        """Whether one of the principal's roles has the permission, among its `dataActions` or its `actions`."""
        held = [ROLES[role] for role in self.roles(object_id, scope)]
        return any(role.allows_data(permission) if data else role.allows(permission) for role in held)

    def create(
        self, name: str, scope: str, properties: dict[str, Any], subscription: str
    ) -> tuple[RoleAssignment, bool]:
        """Add one; the second value is False when exactly this one was there.

        Raises:
            ArmError: InvalidRoleAssignmentId, RoleDefinitionDoesNotExist, PrincipalNotFound, RoleAssignmentExists,
                RoleAssignmentUpdateNotPermitted.
        """
        wanted = self._read(name, scope, properties, subscription)
        with self._lock:
            known = self._known.get(name.lower())
            if known:
                return self._keep(known, wanted), False
            if any(one.same_grant(wanted) for one in self._known.values()):
                raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
            self._check_principal(wanted.principal_id, properties)
            self._known[name.lower()] = wanted
            return wanted, True

    def find(self, name: str, scope: str) -> RoleAssignment | None:
        """The assignment with that GUID at that scope."""
        with self._lock:
            found = self._known.get(name.lower())
        return found if found and found.scope.lower() == scope.lower() else None

    def remove(self, name: str) -> RoleAssignment | None:
        """Unset it."""
        with self._lock:
            return self._known.pop(name.lower(), None)

    def remove_below(self, scope: str) -> None:
        """Take away those at or below something that has been deleted."""
        with self._lock:
            self._known = {name: one for name, one in self._known.items() if not covers(scope, one.scope)}

    def around(self, scope: str) -> list[RoleAssignment]:
        """Those at, above and below a scope."""
        with self._lock:
            known = list(self._known.values())
        return [one for one in known if covers(one.scope, scope) or covers(scope, one.scope)]

    def _active(self, object_id: str) -> list[RoleAssignment]:
        with self._lock:
            known = [one for one in self._known.values() if one.principal_id.lower() == object_id.lower()]
        return [one for one in known if one.role in ROLES and one.counts_from <= self._clock()]

    def _read(self, name: str, scope: str, properties: dict[str, Any], subscription: str) -> RoleAssignment:
        if not _GUID.fullmatch(name):
            raise invalid(
                f"The role assignment ID '{name}' is not valid. It must be a GUID.", "InvalidRoleAssignmentId"
            )
        role = str(properties.get("roleDefinitionId") or "").rpartition("/")[2].lower()
        principal = str(properties.get("principalId") or "")
        if not role or not _GUID.fullmatch(principal):
            raise invalid("The role assignment needs a roleDefinitionId and a principalId that is a GUID.")
        if role not in ROLES:
            message = f"The specified role definition with ID '{role.replace('-', '')}' does not exist."
            raise ArmError(404, "RoleDefinitionDoesNotExist", message)
        registered = self._directory.registered(principal)
        kind = str(properties.get("principalType") or ("ServicePrincipal" if registered else "Unknown"))
        about = properties.get("description")
        now = self._clock()
        counts_from = now + self.propagation_delay
        return RoleAssignment(name.lower(), scope, role, principal, kind, subscription, now, counts_from, about)

    @staticmethod
    def _keep(known: RoleAssignment, wanted: RoleAssignment) -> RoleAssignment:
        if not known.same_grant(wanted):
            message = (
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated. "
                f"(The role assignment '{known.name}' names another principal, role or scope.)"
            )
            raise ArmError(400, "RoleAssignmentUpdateNotPermitted", message)
        return replace(known, description=wanted.description or known.description)

    def _check_principal(self, principal_id: str, properties: dict[str, Any]) -> None:
        # With principalType the service trusts the caller: that is what it is for, right after an identity was made.
        if properties.get("principalType"):
            return
        found = self._directory.registered(principal_id)
        if found is None or found.since + self.propagation_delay > self._clock():
            message = (
                f"Principal {principal_id.replace('-', '')} does not exist in the directory "
                f"{self._directory.tenant_id}. Check that you have the correct principal ID. If you are creating this "
                "principal and then immediately assigning a role, this error might be related to a replication delay. "
                "In this case, set the role assignment principalType property to a value, such as ServicePrincipal, "
                "User, or Group. See https://aka.ms/docs-principaltype"
            )
            raise ArmError(400, "PrincipalNotFound", message)


def _sub(scope: str) -> str:
    parts = scope.strip("/").split("/")
    return parts[1] if len(parts) > 1 else ""
