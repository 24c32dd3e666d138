"""Opening a blob container: as ourselves first, with what the workspace keeps for its datastore second.

What is at a path of it becomes files here: names that would leave the folder are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties, ContainerClient

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import data_code, data_words
from functions_model.azure.misread import understanding
from functions_model.azure.sending import CancelledTransport
from functions_model.azureml.locations import BlobPath, DatastorePath, DatastoreSecret, datastore_secret
from functions_model.azureml.transfer_settings import TransferSettings, persist, status_of
from functions_model.core.failures import BundleFailed, PlanRefused, Problem

_NO_NAME = "model"
"""The name of the folder when the path is the whole container."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A blob that becomes a file.

    Attributes:
        blob: Its name in the container.
        path: Where it goes, relative, with slashes; begins with the last part of the listed path.
        size: Bytes.
        etag: Changes with its content.
        md5: Of its content; None when whoever wrote it gave none.
    """

    blob: str
    path: str
    size: int
    etag: str
    md5: bytes | None


def last_part(prefix: str) -> str:
    """The name that a listed file or folder keeps."""
    return prefix.rpartition("/")[2] or _NO_NAME


def list_files(client: ContainerClient, prefix: str) -> tuple[RemoteFile, ...]:
    """The blob of that name, or all blobs below it. A name that only begins like it is another model's.

    Raises:
        AzureError: The container may not be listed.
        BundleFailed: A name cannot be a file here.
    """
    blobs = client.list_blobs(name_starts_with=prefix or None, include=["metadata"])
    files = [_file(blob, prefix) for blob in blobs if _is_at(blob.name, prefix) and not _is_folder(blob)]
    return _without_markers(files)


def _is_at(name: str, prefix: str) -> bool:
    return not prefix or name == prefix or name.startswith(f"{prefix}/")


def _is_folder(blob: BlobProperties) -> bool:
    """Accounts with folders, and some tools, keep an empty blob for each folder."""
    marked = str((blob.metadata or {}).get("hdi_isfolder", "")).lower() == "true"
    return not blob.size and (marked or blob.name.endswith("/"))


def _file(blob: BlobProperties, prefix: str) -> RemoteFile:
    below = blob.name if not prefix else blob.name[len(prefix) :].lstrip("/")
    path = f"{last_part(prefix)}/{below}" if below else last_part(prefix)
    if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in path.split("/")):
        what = f"the blob `{blob.name}` has a name that cannot be a file's"
        raise BundleFailed("download the model", [Problem(what, "Register the model without it.", "model-path")])
    md5 = blob.content_settings.content_md5
    return RemoteFile(blob.name, path, int(blob.size), str(blob.etag), bytes(md5) if md5 else None)


def _without_markers(files: Iterable[RemoteFile]) -> tuple[RemoteFile, ...]:
    """Without empty blobs that have others below them; one that is not empty would have to be file and folder."""
    ordered = sorted(files, key=lambda file: file.path)
    folders = {parent for file in ordered for parent in _parents(file.path)}
    for file in ordered:
        if file.path in folders and file.size:
            what = f"the blob `{file.blob}` is a file and a folder at once"
            raise BundleFailed("download the model", [Problem(what, "Register the model again.", "model-path")])
    return tuple(file for file in ordered if file.path not in folders)


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


_FIREWALL_CODES = frozenset({"AuthorizationFailure", "PublicAccessNotPermitted"})
"""What storage answers to those who come from a network that it does not let in."""


@dataclass(frozen=True, slots=True)
class StorageAccess:
    """What opens containers.

    Attributes:
        clients: For the keys of datastores.
        credential: For the login's own rights; None leaves them out.
        mask: Called with each key before it is used.
        settings: How often a request is tried.
        options: More keyword arguments for each client, such as `transport`.
    """

    clients: AzureClients
    credential: TokenCredential | None
    mask: Callable[[str], None]
    settings: TransferSettings
    options: Mapping[str, Any] = field(default_factory=dict)

    def open(
        self, place: BlobPath, datastore: DatastorePath | None, action: str
    ) -> tuple[ContainerClient, tuple[RemoteFile, ...]]:
        """A client that may read the container, and what it read there. The caller closes it.

        Raises:
            PlanRefused: Nothing that there is may read it.
            BundleFailed: The account does not answer.
        """
        refusals: list[tuple[str, Exception]] = []
        for whose, credential in self._credentials(place, datastore, refusals):
            client = self._client(place, credential)
            try:
                return client, persist(partial(list_files, client, place.path), self.settings)
            except AzureError as exc:
                client.close()
                if status_of(exc) not in {401, 403}:
                    raise _unreadable(place, exc, action) from exc
                refusals.append((whose, exc))
            except BaseException:
                client.close()
                raise
        raise _refused(place, refusals, action)

    def _credentials(
        self, place: BlobPath, datastore: DatastorePath | None, refusals: list[tuple[str, Exception]]
    ) -> Iterator[tuple[str, Any]]:
        """Whose rights, and what proves them; the second is only asked for when the first were not enough."""
        if self.credential is not None:
            yield "the login", self.credential
        if datastore is None:
            return
        try:
            secret = understanding(datastore_secret)(datastore, account_of(place), self.clients)
        except AzureError as exc:
            refusals.append(("the login asked for the key of the datastore and", exc))
            return
        if secret is not None:
            yield "the key of the datastore", self._proof(secret)

    def _proof(self, secret: DatastoreSecret) -> Any:
        if secret.key is not None:
            self.mask(secret.key.reveal())
            return AzureNamedKeyCredential(secret.account, secret.key.reveal())
        sas = secret.sas.reveal() if secret.sas else ""
        for signature in parse_qs(sas).get("sig", []):
            self.mask(signature)
            self.mask(quote(signature, safe=""))
        self.mask(sas)
        return AzureSasCredential(sas)

    def _client(self, place: BlobPath, credential: Any) -> ContainerClient:
        piece = self.settings.piece_bytes
        return ContainerClient(
            place.endpoint,
            place.container,
            credential=credential,
            max_single_get_size=piece,
            max_chunk_get_size=piece,
            retry_total=0,  # `persist` is the one that tries again: it knows the pieces
            **{"transport": CancelledTransport(**self.options), **self.options},
        )


def account_of(place: BlobPath) -> str:
    """The account's name: the first label of its host, or the path where hosts are not names (local ones)."""
    address = urlsplit(place.endpoint)
    return address.path.strip("/").rpartition("/")[2] or (address.hostname or "").partition(".")[0]


def _unreadable(place: BlobPath, exc: Exception, action: str) -> PlanRefused | BundleFailed:
    if status_of(exc) == 404:
        what = f"the container `{place.container}` of `{place.endpoint}` does not exist ({data_words(exc)})"
        return PlanRefused(action, [Problem(what, "Register the model again.", "model-path")])
    what = f"`{place.endpoint}` does not answer as it must: {data_words(exc)}"
    remedy = "Run again. If it happens again, check that this machine may reach the storage account."
    return BundleFailed(action, [Problem(what, remedy, "model-path")])


def _refused(place: BlobPath, refusals: list[tuple[str, Exception]], action: str) -> PlanRefused:
    """Of each way of reading it: whose rights were not enough, and what was answered."""
    tried = (
        "; ".join(f"{whose} may not ({data_words(exc)})" for whose, exc in refusals)
        or "there is neither a login nor a key for it"
    )
    what = f"the container `{place.container}` of `{place.endpoint}` may not be read: {tried}"
    if any(data_code(exc) in _FIREWALL_CODES for _, exc in refusals):
        remedy = "The account may let in some networks only: let this runner's network in, or run the job inside it."
    else:
        remedy = (
            "Ask an owner to give the login the role `Storage Blob Data Reader` on the storage account "
            f"`{account_of(place)}`, then wait some minutes."
        )
    return PlanRefused(action, [Problem(what, remedy, "model-path")])
