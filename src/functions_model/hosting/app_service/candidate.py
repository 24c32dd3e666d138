"""The slot, which is verified before it takes its app's place, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive

if TYPE_CHECKING:
    from functions_model.core.names import Names


def title(names: Names) -> str:
    """What the log calls it: "the slot `staging`"."""
    return f"the slot `{names.slot}`"


def refused_swap(names: Names, unproven: str) -> NotLive:
    """A version that nobody saw running `init()` must not take the place of one that works.

    Args:
        names: The slot of its app.
        unproven: Why it could not be seen, a clause.
    """
    swap = f"az functionapp deployment slot swap --resource-group {names.group} --name {names.app} --slot {names.slot}"
    return NotLive(
        f"swap {title(names)} with the function app `{names.app}`",
        f"`init()` could not be seen to run in the slot: {unproven}",
        f"Run this on a runner that the slot lets in, or look at the slot yourself and swap: {swap}",
    )
