"""How the app gets into its registry, its storage and its Service Bus namespace."""

from __future__ import annotations

import enum


class Access(enum.StrEnum):
    """The two ways there are."""

    IDENTITY = "identity"
    """By a managed identity that holds the least roles. No setting of the app is a password."""
    KEYS = "keys"
    """By the registry's password and connection strings in app settings. Takes no right to assign roles."""
