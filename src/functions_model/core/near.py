"""What may have been meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 4
"""Names that are offered at once. Where more fit, the nearest alone is of use."""
_LONGEST = 100
"""Characters of a name that are compared: comparing takes a time that grows with the square of them."""


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that begin with a name or have it as one of their words; else the one that is spelt like it.

    Args:
        name: As it was written: `app_name` and `App-Name` stand for `app-name`.
        known: The names that exist.
    """
    names, text = {_plain(one): one for one in known}, _plain(name[:_LONGEST])
    for fits in (text.__eq__, lambda one: one.startswith(text), lambda one: text in one.split("-")):
        if text and 0 < len(found := [names[one] for one in names if fits(one)]) <= _MOST:
            return tuple(found)
    return tuple(names[one] for one in difflib.get_close_matches(text, names, n=1, cutoff=0.6))


def any_of(names: Iterable[str]) -> str:
    """`` `a` ``, `` `a` or `b` ``, `` `a`, `b` or `c` ``."""
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
