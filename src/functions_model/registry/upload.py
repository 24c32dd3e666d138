"""Sends one blob: not at all when it is there, by a mount when a neighbour has it, else whole, in one stream.

A transfer that breaks starts again with a new upload from the first byte. Registries differ in what they keep of a
broken one (Azure answers a repeated PATCH with BLOB_UPLOAD_INVALID), and a whole blob again is right with all of them.
"""

from __future__ import annotations

import enum
import hashlib
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from functions_model.core.digests import Digest, parse_digest
from functions_model.core.failures import RegistryFailed
from functions_model.registry.client import Call
from functions_model.registry.content import has_blob
from functions_model.registry.retries import AttemptFailed, persist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event

    from functions_model.registry.access import Access
    from functions_model.registry.client import RegistryClient

_LOST = frozenset({400, 404, 416})
"""What registries answer in mid-upload when they lost it, or when the bytes were damaged on the way."""


class How(enum.StrEnum):
    """How a blob came to be in the repository."""

    SENT = "sent"
    MOUNTED = "mounted"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A blob to be sent.

    Attributes:
        name: For people.
        digest: What it must have.
        size: Bytes.
        open: Its blocks, from the first byte, each time anew.
        passing: Whether wrong bytes may be right the next time: they come over a network, not from our files.
    """

    name: str
    digest: Digest
    size: int
    open: Callable[[], AbstractContextManager[Iterator[bytes]]]
    passing: bool = False


class Stopped(Exception):
    """Another blob failed for good, so this one was given up."""


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """How far a blob is.

    Attributes:
        name: For people.
        digest: The blob's.
        size: Bytes in all.
        done: Bytes sent in this attempt; less than before when a transfer started again.
        how: None while it is under way.
    """

    name: str
    digest: Digest
    size: int
    done: int
    how: How | None = None


@dataclass(slots=True)
class Upload:
    """What all blobs of one push share.

    Attributes:
        client: The target registry.
        access: The target repository, to be pushed to.
        progress: Told of every block; called from several threads.
        stop: Set when another blob failed for good: what is under way then ends.
    """

    client: RegistryClient
    access: Access
    progress: Callable[[BlobProgress], None]
    stop: Event

    def send(self, source: BlobSource, mount_from: str | None = None) -> tuple[How, int]:
        """See to it that the repository has a blob.

        Args:
            source: The blob.
            mount_from: Another repository of the same registry that may have it.

        Returns:
            How it came there, and how many bytes that took, those of broken attempts included.

        Raises:
            RegistryFailed: Refused, or broken off too often, or the content is not what its digest says.
            Stopped: Another blob failed for good.
        """
        spent = 0

        def attempt() -> How:
            nonlocal spent
            if self.stop.is_set():
                raise Stopped
            if has_blob(self.client, self.access, source.digest):
                # After a broken attempt it may be there because that one came to its end unheard.
                return How.SENT if spent else How.PRESENT
            location = self._begin(source, None if spent else mount_from)
            if location is None:
                return How.MOUNTED
            body = _Body(source, self.progress, self.stop)
            try:
                self._stream(source, location, body)
            finally:
                spent += body.done
            return How.SENT

        how = persist(attempt, self.client.patience, self.client.sleep)
        self.progress(BlobProgress(source.name, source.digest, source.size, source.size, how))
        return how, spent

    def _begin(self, source: BlobSource, mount_from: str | None) -> str | None:
        """The address to send to; None when the blob was mounted and nothing need be sent."""
        path = f"/v2/{self.access.repository}/blobs/uploads/"
        if mount_from:
            query = f"?mount={quote(source.digest, safe='')}&from={quote(mount_from, safe='')}"
            call = Call("POST", path + query, self.access, self._action(source), frozenset({201, 202}))
            try:
                response = self.client.attempt(call)
            except RegistryFailed:
                pass  # a source that may not be read is no reason to fail: the bytes are sent instead
            else:
                return None if response.status_code == 201 else self._location(response.headers, source)
        response = self.client.attempt(Call("POST", path, self.access, self._action(source), frozenset({202})))
        return self._location(response.headers, source)

    def _stream(self, source: BlobSource, location: str, body: _Body) -> None:
        kind = {"Content-Type": "application/octet-stream"}
        patch = Call(
            "PATCH", location, self.access, self._action(source), frozenset({202, 204}), _LOST, kind, body=body
        )
        answered = self.client.attempt(patch)
        body.check(self._action(source))
        closing = self._location(answered.headers, source) if "Location" in answered.headers else location
        closing += f"{'&' if '?' in closing else '?'}digest={quote(source.digest, safe='')}"
        self.client.attempt(
            Call(
                "PUT", closing, self.access, self._action(source), frozenset({201, 204}), _LOST, {"Content-Length": "0"}
            )
        )

    def _location(self, headers: Mapping[str, str], source: BlobSource) -> str:
        location = headers.get("Location")
        if not location:
            what = f"`{self.client.host}` does not say where to send it"
            raise RegistryFailed(self._action(source), what, "Check that the host is a container registry.")
        return self.client.address(location)

    def _action(self, source: BlobSource) -> str:
        return f"send {source.name} to `{self.client.host}/{self.access.repository}`"


class _Body:
    """The body of one PATCH: hashed and counted on its way out, never longer or shorter than announced."""

    def __init__(self, source: BlobSource, progress: Callable[[BlobProgress], None], stop: Event) -> None:
        self._source = source
        self._progress = progress
        self._stop = stop
        self._hash = hashlib.sha256()
        self.done = 0

    def __len__(self) -> int:
        """What requests announces as Content-Length; without it, it would send chunks, which registries refuse."""
        return self._source.size

    def __iter__(self) -> Iterator[bytes]:
        source = self._source
        with source.open() as blocks:
            for block in blocks:
                if self._stop.is_set():
                    raise Stopped
                if self.done + len(block) > source.size:
                    break
                self._hash.update(block)
                self.done += len(block)
                self._progress(BlobProgress(source.name, source.digest, source.size, self.done))
                yield block
            else:
                if self.done == source.size:
                    return
        # The announced length can no longer be kept: end here, or the registry would wait for the rest.
        raise self._differs(f"send {source.name}")

    def check(self, action: str) -> None:
        """Hold what was sent to the digest that was known before."""
        if parse_digest(f"sha256:{self._hash.hexdigest()}") != self._source.digest:
            raise self._differs(action)

    def _differs(self, action: str) -> AttemptFailed | RegistryFailed:
        digest = self._source.digest
        if self._source.passing:
            what = f"what was read is not {digest}"
            return AttemptFailed(RegistryFailed(action, what, "Run again; if it stays, the base image is broken."))
        what = f"its bytes are no longer those of {digest}"
        return RegistryFailed(action, what, "Run again when nothing writes to the files.")


def bytes_source(name: str, digest: Digest, content: bytes) -> BlobSource:
    """A small blob at hand."""

    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter((content,))

    return BlobSource(name, digest, len(content), opened)
