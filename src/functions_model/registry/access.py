"""What a request wants to do, as registries name it in token scopes, and how to prove who we are.

https://distribution.github.io/distribution/spec/auth/scope/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from functions_model.core.secrets import RegistryLogin


@dataclass(frozen=True, slots=True)
class EntraExchange:
    """A Microsoft Entra ID access token, exchanged at an Azure Container Registry for the registry's own.

    None, in place of it, means anonymous.

    Attributes:
        token: Gives an access token for the cloud's registry audience; asked again for each exchange.
        abac: Whether the registry gives rights by repository; None when that was not asked.
    """

    token: Callable[[], str]
    abac: bool | None = None


Credential: TypeAlias = EntraExchange | RegistryLogin
"""What proves who we are to a registry."""


@dataclass(frozen=True, slots=True)
class Access:
    """A repository and what may be done there; one token serves all of it.

    Attributes:
        repository: The one that requests go to.
        push: Whether anything is written.
        mount_from: Other repositories of the same registry that blobs are mounted from.
    """

    repository: str
    push: bool = False
    mount_from: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes to ask a token for."""
        own = f"repository:{self.repository}:{'pull,push' if self.push else 'pull'}"
        others = sorted({other for other in self.mount_from if other != self.repository})
        return (own, *(f"repository:{other}:pull" for other in others))

    def covers(self, other: Access) -> bool:
        """Whether a token for this is one for that, too."""
        read = {self.repository, *self.mount_from}
        if other.push and not (self.push and self.repository == other.repository):
            return False
        return {other.repository, *other.mount_from} <= read
