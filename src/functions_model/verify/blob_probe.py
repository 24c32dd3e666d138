"""A probe of a blob trigger: a blob of ours in its container, and the answer's blob."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from functions_model.verify.probe import ProbeFailed, new_id
from functions_model.verify.probe_paths import answers_for, name_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.storage.blob import BlobServiceClient

    from functions_model.core.blob_paths import BlobPath
    from functions_model.verify.data_refusals import Owner
    from functions_model.verify.probe_paths import Answers

ROLES = ("Storage Blob Data Contributor",)
PREFIX = "functionsmodelprobe"
"""Letters alone: what stands beside a name in braces often is a `-`, a `_` or a `.`."""
_RETRIES: dict[str, Any] = {"retry_total": 3, "initial_backoff": 1, "increment_base": 2}


def open_account(endpoint: str, credential: Any) -> BlobServiceClient:
    """The account, by requests that a cancel keeps from beginning.

    Args:
        endpoint: Of its blobs, as Resource Manager names it.
        credential: A token credential, or a named key.
    """
    from azure.storage.blob import BlobServiceClient

    from functions_model.azure.sending import CancelledTransport

    return BlobServiceClient(endpoint, credential=credential, transport=CancelledTransport(), **_RETRIES)


@dataclass
class BlobProbe:
    """The sample request as a blob of ours.

    Attributes:
        account: Its client.
        owner: The account, for people.
        source: The input path, its settings filled in.
        target: The output path, its settings filled in.
        sample: The file that is sent.
        content_type: Of the file.
    """

    account: BlobServiceClient
    owner: Owner
    source: BlobPath
    target: BlobPath
    sample: Path
    content_type: str
    _sent: bool = field(default=False, init=False)

    @cached_property
    def name(self) -> str:
        """The blob's name; no other blob has it."""
        return name_for(self.source, new_id(PREFIX))

    @property
    def place(self) -> str:
        """Where it goes, for people."""
        return f"blob `{_container(self.source)}/{self.name}`"

    @cached_property
    def _answers(self) -> Answers:
        return answers_for(self.source, self.name, self.target)

    def send(self) -> None:
        """Write it; never over another one."""
        from azure.storage.blob import ContentSettings

        blob = self.account.get_blob_client(_container(self.source), self.name)
        settings = ContentSettings(content_type=self.content_type)
        self._sent = True
        try:
            blob.upload_blob(self.sample.read_bytes(), overwrite=False, content_settings=settings)
        except AzureError as exc:
            refused = isinstance(exc, HttpResponseError) and 400 <= (exc.status_code or 0) < 500
            self._sent = not refused
            raise self.owner.refused(f"write the {self.place}", exc) from exc

    def answered(self) -> bool:
        """Whether there is a blob that the host wrote for ours."""
        return any(True for _ in self._found())

    def lost(self) -> str:
        """Nothing: the host tells it in a queue of the account, for which other roles are needed."""
        return ""

    def clean(self) -> str:
        """Remove our blob first, so that no answer comes later; then its answer."""
        if not self._sent:
            return ""
        try:
            self._remove(self.source, self.name)
            for name in list(self._found()):
                self._remove(self.target, name)
        except ProbeFailed as failed:
            return f"The {self.place} or its answer is left: {failed.reason}."
        return ""

    def _remove(self, path: BlobPath, name: str) -> None:
        try:
            self.account.get_blob_client(_container(path), name).delete_blob(delete_snapshots="include")
        except ResourceNotFoundError:
            return
        except AzureError as exc:
            raise self.owner.refused(f"remove the blob `{_container(path)}/{name}`", exc) from exc

    def _found(self) -> Iterator[str]:
        answers = self._answers
        container = self.account.get_container_client(_container(self.target))
        try:
            for blob in container.list_blobs(name_starts_with=answers.prefix or None):
                if answers.names.fullmatch(blob.name):
                    yield blob.name
        except ResourceNotFoundError:
            return  # the host makes a container that is missing with its first blob
        except AzureError as exc:
            raise self.owner.refused(f"list the blobs in `{container.container_name}`", exc) from exc


def _container(path: BlobPath) -> str:
    return path.container_name({}) or ""
