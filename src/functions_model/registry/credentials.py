"""How to prove to a registry who we are. None, in place of a credential, means anonymous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class EntraExchange:
    """A Microsoft Entra ID access token, exchanged at an Azure Container Registry for the registry's own.

    Attributes:
        token: Gives an access token for the cloud's registry audience; asked again for each exchange.
        abac: Whether the registry gives rights by repository; None when that was not asked.
    """

    token: Callable[[], str]
    abac: bool | None = None
