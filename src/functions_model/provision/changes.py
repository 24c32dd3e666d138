"""What is to be done, one change per resource."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from functions_model.core.names import MOVE


class Action(enum.StrEnum):
    """What is done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """It goes, and another one of the same name comes: what cannot be changed in place."""
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that changes. Secrets and the values of settings are `***`.

    Attributes:
        name: As people know it: "image", "app setting `X`".
        before: None when there is none.
        after: Never a secret; `removed` when there is none any more.
    """

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource.

    Attributes:
        kind: "storage account"; one of the `KIND` names under `kinds/`.
        name: The resource's name, unique within its kind.
        action: What is done to it.
        fields: What changes; empty when kept.
        reason: Why, a clause without a full stop. Of what is kept, only where somebody might have expected otherwise.
        depends_on: `key`s of changes that must be done before, and of futures that `apply` is given (`image`).
        resource_id: The ARM id; empty when it has none of its own.
        link: Where people see it in the cloud's portal; empty when there is no portal, or no id.
    """

    kind: str
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    depends_on: tuple[str, ...] = ()
    resource_id: str = ""
    link: str = ""

    @property
    def key(self) -> str:
        """What other changes depend on it by."""
        return key_of(self.kind, self.name)

    def __str__(self) -> str:
        """The storage account `x`."""
        return f"the {self.kind} `{self.name}`"


def known_of(key: str) -> str:
    """What a change depends on that need not wait until another is done, but only until it is known what will be there.

    Args:
        key: Of the other change.
    """
    return f"{key}, known"


def key_of(kind: str, name: str) -> str:
    """The key of a change: `storage account/x`."""
    return f"{kind}/{name}"


IMAGE = "image"
"""The key of the one future that is no resource: the pushed image."""


OLD_IMAGE = "old image"
"""The kind of what is removed from the registry once the app is live. It has no writer of its own here."""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What is to be done, in a stable order. Nothing has been written.

    Attributes:
        changes: One per resource, those that are kept included.
        notes: What people should know of it besides, whole sentences.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def has_changes(self) -> bool:
        """Whether applying it would write anything."""
        return any(change.action is not Action.KEEP for change in self.changes)

    @property
    def now(self) -> tuple[Change, ...]:
        """What must happen before anything can be verified: all but a move, and what is removed when all is live."""
        return tuple(one for one in self.changes if one.action is not Action.KEEP and one.kind not in {MOVE, OLD_IMAGE})

    @property
    def move(self) -> Change | None:
        """The one change that is made after the others were verified: a candidate into its app's place."""
        return next((change for change in self.changes if change.kind == MOVE), None)

    @property
    def ahead(self) -> tuple[Change, ...]:
        """What must happen and need not wait for the image, in the plan's order."""
        waiting = {IMAGE}
        for change in self.changes:
            if waiting.intersection(change.depends_on):
                waiting.add(change.key)
        return tuple(change for change in self.now if change.key not in waiting)

    def count(self, action: Action) -> int:
        """How many resources have that action."""
        return sum(change.action is action for change in self.changes)


@dataclass(frozen=True, slots=True)
class Written:
    """A change that was made.

    Attributes:
        seconds: How long writing it took, waiting for others not counted.
    """

    change: Change
    seconds: float
