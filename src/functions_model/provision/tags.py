"""How what this tool makes is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGED_BY = ("managed-by", "functions-model-action")
"""Name and value of the tag."""


def is_ours(tags: Mapping[str, str] | None) -> bool:
    """Whether this tool made a resource with these tags. Case does not count in their names."""
    name, value = MANAGED_BY
    return {key.lower(): text for key, text in (tags or {}).items()}.get(name) == value
