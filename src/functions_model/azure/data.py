"""The data of storage accounts and Service Bus namespaces: a key that opens it, refusals, and an account's blobs."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from azure.core.exceptions import AzureError, ResourceNotFoundError

from functions_model.azure.errors import data_words
from functions_model.azure.misread import understood
from functions_model.core.secrets import Secret

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential
    from azure.storage.blob import BlobServiceClient


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
        with understood():
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


_RETRIES: dict[str, Any] = {"retry_total": 3, "initial_backoff": 1, "increment_base": 2}


@dataclass(frozen=True, slots=True)
class BlobData:
    """The blobs of one account. Every method raises `DataRefused`.

    Attributes:
        client: Of the account.
    """

    client: BlobServiceClient

    def write(self, container: str, name: str, content: bytes, content_type: str) -> None:
        """Write a blob; never over another one."""
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(content_type=content_type)
        with told_as_refusals(f"write the blob `{container}/{name}`"):
            blob = self.client.get_blob_client(container, name)
            blob.upload_blob(content, overwrite=False, content_settings=settings)

    def names(self, container: str, prefix: str) -> Iterator[str]:
        """Names of the blobs in a container, of those that begin so; none when there is no such container."""
        with told_as_refusals(f"list the blobs in `{container}`"):
            try:
                for blob in self.client.get_container_client(container).list_blobs(name_starts_with=prefix or None):
                    yield blob.name
            except ResourceNotFoundError:
                return

    def remove(self, container: str, name: str) -> None:
        """Remove a blob with its snapshots, if it is there."""
        with told_as_refusals(f"remove the blob `{container}/{name}`"):
            try:
                self.client.get_blob_client(container, name).delete_blob(delete_snapshots="include")
            except ResourceNotFoundError:
                return


@contextmanager
def open_blobs(endpoint: str, credential: Any) -> Iterator[BlobData]:
    """The blobs of an account, by requests that a cancel keeps from beginning.

    Args:
        endpoint: Of its blobs, as Resource Manager names it.
        credential: A token credential, or a named key.
    """
    from azure.storage.blob import BlobServiceClient

    from functions_model.azure.sending import CancelledTransport

    with BlobServiceClient(endpoint, credential=credential, transport=CancelledTransport(), **_RETRIES) as client:
        yield BlobData(client)
