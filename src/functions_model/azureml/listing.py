"""What is at a path of a blob container, as files to be: names that would leave the folder are refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.failures import BundleFailed, Problem

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient

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
            raise BundleFailed("download the model", [Problem(what, "Register the model anew.", "model-path")])
    return tuple(file for file in ordered if file.path not in folders)


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))
