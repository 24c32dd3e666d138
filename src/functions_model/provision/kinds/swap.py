"""The swap: the slot's version goes to the app, and the app's to the slot, while both keep answering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.provision.app_changes import pull_change
from functions_model.provision.changes import SWAP, Action, Change, FieldChange
from functions_model.provision.kind import Kind
from functions_model.provision.kinds import function_app, slot
from functions_model.provision.observed_app import ObservedApp
from functions_model.provision.pulling import pull_problems

if TYPE_CHECKING:
    from functions_model.core.failures import Problem
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

KIND = SWAP


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """An app that the swap would leave without a way to its image; the others are the slot's."""
    return pull_problems(wanted, observed) if function_app.swaps(wanted, observed) else ()


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """One swap, when the app has another version than the one that is wanted."""
    app = observed.of(ObservedApp)
    if app is None or not function_app.swaps(wanted, observed):
        return ()
    image = FieldChange("image", app.runs.removeprefix("DOCKER|") or None, wanted.image)
    fields = (image, *pull_change(wanted, observed))
    name = f"{wanted.names.app}/{wanted.names.slot} with {wanted.names.app}"
    return (Change(KIND, name, Action.UPDATE, fields, "once the slot is verified", (slot.key(wanted),)),)


def write(writing: Writing, observed: Observed) -> None:  # noqa: ARG001
    """Swap, and wait until it is done. Done twice, all is as before: so nobody but `swapping` may send it again."""
    wanted = writing.wanted
    body: Any = {"targetSlot": "production", "preserveVnet": True}
    poller = writing.clients.web.web_apps.begin_swap_slot(
        wanted.names.group, wanted.names.app, wanted.names.slot, body, retry_total=0
    )
    poller.result()


SWAP_OF_SLOT = Kind(KIND, difference, write, problems=problems)
