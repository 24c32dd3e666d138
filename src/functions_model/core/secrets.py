"""Values that must never be seen, and how to prove who we are to Microsoft Entra ID: often by one."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NoReturn, final


@final
class Secret:
    """A value whose text is `***` wherever it is printed, formatted or logged.

    `reveal()` is the only way to the value; call it at the last moment, in the request that needs it. Mask the value
    with the CI host (`CiHost.mask`) where the secret is made.

    Args:
        value: The secret text; an empty one is refused with ValueError, as masking it would mask everything.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("a secret is never empty")
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __str__(self) -> str:
        """Three stars."""
        return "***"

    def __repr__(self) -> str:
        """Three stars, with the type."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Equal when the values are."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """The hash of the value."""
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle would hold the value.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a secret is never pickled")


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """A user name and a password, or a token in its place, for one registry alone."""

    username: str
    password: Secret


class LoginKind(enum.StrEnum):
    """What proves who we are, where it is no client secret."""

    JOB = "the job's identity token"
    TOKEN_FILE = "the identity token in AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - words for people
    AZ = "the session of `az login`"
    MANAGED = "this machine's managed identity"


@dataclass(frozen=True, slots=True)
class Login:
    """How to prove who we are to Microsoft Entra ID.

    Attributes:
        tenant_id: A GUID; empty where the session of az or the machine knows it.
        client_id: A GUID; empty likewise, and for a machine's system-assigned identity.
        client_secret: None where `kind` proves it.
        audience: The audience to ask the CI host's token for.
        cloud: `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or the https URL of an Azure Resource Manager
            that serves `/metadata/endpoints`.
        kind: What proves it without a secret.
        token_file: Holds an identity token, which is read anew each time; empty with other kinds.
    """

    tenant_id: str
    client_id: str
    client_secret: Secret | None
    audience: str
    cloud: str
    kind: LoginKind = LoginKind.JOB
    token_file: str = ""

    def __str__(self) -> str:
        """Who, and by what: `as 0a1b... by the job's identity token`."""
        by = f"by {'a client secret' if self.client_secret else self.kind}"
        return f"as {self.client_id} {by}" if self.client_id and self.kind is not LoginKind.AZ else by
