"""Regions, as services spell them, and one that there is none of."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from functions_model.core.failures import Problem


def same_region(name: str) -> str:
    """`westeurope` for `West Europe`: services answer with either."""
    return name.replace(" ", "").lower()


def no_such_region(location: str, regions: Collection[str]) -> Problem | None:
    """A region that is none of those that there are, with what may have been meant; None when it is one.

    Args:
        location: As `same_region` spells it.
        regions: In the same spelling; empty when they are not known.
    """
    if not regions or location in regions:
        return None
    near = difflib.get_close_matches(location, sorted(regions), n=2, cutoff=0.8)
    names = " or ".join(f"`{name}`" for name in near)
    remedy = f"Did you mean {names}?" if near else f"Set `location` to one of: {', '.join(sorted(regions))}."
    return Problem(f"there is no region `{location}` for this subscription", remedy, "location")
