"""What the data of storage accounts and of Service Bus namespaces have in common: a key that opens it, and refusals."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import AzureError

from functions_model.azure.errors import data_words
from functions_model.core.secrets import Secret

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential

_SHUT = ("AuthorizationFailure", "PublicAccessNotPermitted", "has been prevented to connect")
"""What storage and Service Bus say to those who come from a network that is not let in: Azure/azure-docs,
storage-troubleshoot-403-errors.md; service-bus-messaging-exceptions.md."""
_DENIED = ("AuthorizationPermissionMismatch", "UnauthorizedAccess", "Unauthorized access", "unauthorized-access")


class DataRefused(Exception):
    """Data cannot be had or written. The text is what was said of it: one line, without a full stop.

    Attributes:
        action: What was refused, as it follows "may not": "write the blob `input/x.json`".
        status: The HTTP status; 0 where there is none.
        shut_out: The network rules let nobody in from here.
        denied: The login lacks a role.
    """

    def __init__(self, action: str, words: str, status: int = 0) -> None:
        self.action = action
        self.status = status
        self.shut_out = any(word in words for word in _SHUT)
        self.denied = not self.shut_out and (status == 403 or any(word in words for word in _DENIED))
        super().__init__(words)

    @classmethod
    def of(cls, action: str, exc: AzureError) -> Self:
        """What an error of the SDK means."""
        return cls(action, data_words(exc), getattr(exc, "status_code", None) or 0)


@contextmanager
def told_as_refusals(action: str) -> Iterator[None]:
    """Raise `DataRefused` for each error of the SDK; `action` is what is being done."""
    try:
        yield
    except AzureError as exc:
        raise DataRefused.of(action, exc) from exc


def key_credential(name: str, key: Secret) -> AzureNamedKeyCredential:
    """A credential that is a key, for those who do not log in.

    Args:
        name: Of the account, or of the rule that the key belongs to.
        key: The key.
    """
    from azure.core.credentials import AzureNamedKeyCredential

    return AzureNamedKeyCredential(name, key.reveal())
