"""How to prove to a registry who we are. None, in place of a credential, means anonymous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class EntraExchange:
    """A Microsoft Entra ID access token, exchanged at an Azure Container Registry for the registry's own.

    Attributes:
        token: Gives an access token for the cloud's registry audience; asked again for each exchange.
    """

    token: Callable[[], str]


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A user name and a password: an admin user, a scope map's token, or another registry's account.

    Attributes:
        username: Not secret.
        password: Sent to the registry, or to the token service that the registry names.
    """

    username: str
    password: Secret


RegistryCredential: TypeAlias = EntraExchange | BasicCredential
