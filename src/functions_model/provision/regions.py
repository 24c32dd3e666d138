"""Regions, as services spell them."""

from __future__ import annotations


def same_region(name: str) -> str:
    """`westeurope` for `West Europe`: services answer with either."""
    return name.replace(" ", "").lower()
