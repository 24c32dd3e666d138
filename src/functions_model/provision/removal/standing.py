"""What is there of a deployment that is to be removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Standing:
    """A resource that is there.

    Attributes:
        kind: As plans call it.
        name: Unique within its kind.
        id: The ARM id.
        ours: It carries our tag; of a role assignment, that it is one of our identity.
    """

    kind: str
    name: str
    id: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Found:
    """All that a removal must know.

    Attributes:
        group: The resource group; None when it is not there, and nothing else is.
        resources: The app and what it runs on, works on and writes to: those that are there.
        roles: The role assignments of the identity.
        sees_all_roles: False when the login may not look outside of the group for more of them.
        members: ARM ids of everything in the group.
        plan_apps: Other apps on the plan.
        identity_apps: Other apps that run as the identity.
        sharers: Names of identities of other deployments that hold roles on a storage account, namespace or component,
            by its id.
        components: ARM ids of the Application Insights components on the workspace, as far as the login sees.
    """

    group: Standing | None = None
    resources: tuple[Standing, ...] = ()
    roles: tuple[Standing, ...] = ()
    sees_all_roles: bool = True
    members: tuple[str, ...] = ()
    plan_apps: tuple[str, ...] = ()
    identity_apps: tuple[str, ...] = ()
    sharers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    components: tuple[str, ...] = ()

    def of(self, kind: str) -> Standing | None:
        """The one resource of a kind."""
        return next((one for one in self.resources if one.kind == kind), None)
