"""What a removal says of a resource, and the change that takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.provision.changes import Action, Change
from functions_model.provision.tags import MANAGED_BY

if TYPE_CHECKING:
    from functions_model.provision.removable import Standing

_TAG = ": ".join(MANAGED_BY)
MADE = f"it has the tag `{_TAG}`"
NOT_MADE = f"it was not made by this tool: it lacks the tag `{_TAG}`"


def removal_of(one: Standing, reason: str, depends_on: tuple[str, ...] = ()) -> Change:
    """The change that removes it, after those that it depends on."""
    return Change(one.kind, one.name, Action.DELETE, (), reason, depends_on, one.id)
