"""The shape that every kind of resource has: observe, problems, difference, write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from functions_model.azure.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azure.clients import AzureClients
    from functions_model.core.failures import Problem
    from functions_model.provision.changes import Change
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed, Piece
    from functions_model.provision.waiting import Patience


def _discard(_: object) -> None:
    """Do nothing with it."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What a write needs besides what is known.

    Attributes:
        change: The change to make.
        patience: For a write of several requests, each of which may meet what passes by itself. One of a single request
            need not use it: the whole write is done with it.
        mask: Takes each secret that is made.
        know: Takes what will be there, before it is, for changes that wait for no more.
        slot: The deployment slot that is written, in place of the app; empty for the app.
    """

    clients: AzureClients
    wanted: Wanted
    change: Change
    patience: Patience
    mask: Callable[[str], None] = _discard
    know: Callable[[Piece], None] = _discard
    slot: str = ""

    @property
    def site(self) -> Site:
        """The app, or the slot, that is written."""
        return Site(self.clients, self.wanted.group, self.wanted.app_name, self.slot)


class Kind(Protocol):
    """A kind of resource; the modules under `kinds/` are its implementations."""

    KIND: str
    """What people call it."""

    def observe(self, clients: AzureClients, wanted: Wanted, seen: Observed) -> Piece | None:
        """What is there. Only reads; `seen` holds what earlier kinds saw."""

    def problems(self, wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
        """Why what is there cannot carry the deployment."""

    def difference(self, wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
        """What must happen; a change that keeps when nothing must."""

    def write(self, writing: Writing, observed: Observed) -> Piece | None:
        """Make one change and say what is there now. `observed` holds what the changes it depends on left."""
