"""What became of a push."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from threading import Lock

from functions_model.core.digests import Digest
from functions_model.core.references import ImageReference


class How(enum.StrEnum):
    """How a blob came to be in the repository."""

    SENT = "sent"
    MOUNTED = "mounted"
    IMPORTED = "imported"
    """The registry fetched it itself."""
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class BlobTransfer:
    """What became of one blob.

    Attributes:
        name: The layer's name; `base layer N` (from 1) and `config` for the others.
        digest: The blob's.
        size: Bytes.
        how: `sent`, `mounted`, `imported` or `present`.
    """

    name: str
    digest: Digest
    size: int
    how: How


@dataclass(frozen=True, slots=True)
class PushedImage:
    """An image that is in the registry now.

    Attributes:
        reference: With its digest.
        blobs: The base's layers, ours, the configuration; each digest once.
        bytes_sent: In bodies of blobs and manifests, those of broken attempts, of attachments and of records included.
        requests: Sent to the target registry since the push began, those for tokens included.
        manifest_written: False when the tag meant this image already.
        notes: What was gone without, one sentence each.
    """

    reference: ImageReference
    blobs: tuple[BlobTransfer, ...]
    bytes_sent: int
    requests: int
    manifest_written: bool
    notes: tuple[str, ...] = ()


class Tally:
    """What is counted and noted while parts of a push run side by side."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.bytes_sent = 0
        self.notes: list[str] = []

    def sent(self, count: int) -> None:
        """Count bytes of a body."""
        with self._lock:
            self.bytes_sent += count

    def note(self, text: str) -> None:
        """Tell of something that was gone without."""
        with self._lock:
            self.notes.append(text)
