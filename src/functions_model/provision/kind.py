"""The shape that every kind of resource has: looks, problems, difference, write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.azure.site import Site
from functions_model.provision.context import discard
from functions_model.provision.observed import ObservedGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azure.clients import AzureClients
    from functions_model.core.failures import Problem
    from functions_model.provision.changes import Change
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed, Piece
    from functions_model.provision.waiting import Patience


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
    mask: Callable[[str], None] = discard
    know: Callable[[Piece], None] = discard
    slot: str = ""

    @property
    def site(self) -> Site:
        """The app, or the slot, that is written."""
        return Site(self.clients, self.wanted.names.at(self.slot))


@dataclass(frozen=True, slots=True)
class Look:
    """A way to read something that may be there. Nothing is written.

    Attributes:
        what: What is read, for people: "storage accounts".
        gives: The nouns that are known after it, there or not.
        read: Reads it; `Observed` holds what the looks before it gave.
        needs: The nouns that must be known before. What needs the resource group alone is left out where there is none
            that anything could be in.
    """

    what: str
    gives: tuple[type, ...]
    read: Callable[[AzureClients, Wanted, Observed], Piece | None]
    needs: tuple[type, ...] = (ObservedGroup,)


def _no_problems(_: Wanted, __: Observed) -> tuple[Problem, ...]:
    """None: whatever is there will do."""
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. Each has a file below `kinds/`.

    Attributes:
        name: What people call it.
        difference: What must happen; a change that keeps when nothing must.
        write: Makes one change and says what is there now. `Observed` holds what the changes left that it depends on.
        looks: How it is read.
        problems: Why what is there cannot carry the deployment.
    """

    name: str
    difference: Callable[[Wanted, Observed], tuple[Change, ...]]
    write: Callable[[Writing, Observed], Piece | None]
    looks: tuple[Look, ...] = ()
    problems: Callable[[Wanted, Observed], tuple[Problem, ...]] = _no_problems
