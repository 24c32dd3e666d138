"""Sends one blob: not at all when it is there, by a mount when a neighbour has it, else whole, in one stream.

A transfer that breaks starts again with a new upload from the first byte. Registries differ in what they keep of a
broken one (Azure answers a repeated PATCH with BLOB_UPLOAD_INVALID), and a whole blob again is right with all of them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import BoundedSemaphore, Lock
from urllib.parse import quote

import requests

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest, ImageReference, digest_of
from functions_model.core.sending import AttemptFailed
from functions_model.core.work import Report, Stop
from functions_model.image.layers import Layer, LayerStream
from functions_model.registry.access import Access
from functions_model.registry.bodies import BlobSource, Body, blob_body, stream_body
from functions_model.registry.client import PARALLEL, Call, RegistryClient
from functions_model.registry.content import has_blob
from functions_model.registry.errors import NO_REGISTRY


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


_LOST = frozenset({400, 404, 416})
"""What registries answer in mid-upload when they lost it, or when the bytes were damaged on the way."""
_BINARY = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Upload:
    """What all blobs of one push into one repository share.

    Attributes:
        client: The target registry.
        access: The target repository, to be pushed to.
        report: Told of every block of layers; called from several threads.
        stop: Ends what is under way.
        tally: Counts what is sent.
        free: Held by each blob under way: bounds how many those are, over all repositories.
    """

    client: RegistryClient
    access: Access
    report: Report
    stop: Stop
    tally: Tally
    free: BoundedSemaphore

    @classmethod
    def begin(cls, client: RegistryClient, access: Access, report: Report) -> Upload:
        """The first one of a push."""
        return cls(client, access, report, Stop(), Tally(), BoundedSemaphore(PARALLEL))

    def into(self, access: Access) -> Upload:
        """The same push, into another repository or with other mounts."""
        return replace(self, access=access)

    def send(self, source: BlobSource, mount_from: str | None = None, *, missing: bool = False) -> How:
        """See to it that the repository has a blob.

        Args:
            source: The blob.
            mount_from: Another repository of the same registry that may have it.
            missing: It is known not to be there.

        Raises:
            RegistryFailed: Refused, or broken off too often, or the content is not what its digest says.
            Stopped: Another part of the push failed for good.
        """
        tried = False

        def attempt() -> How:
            nonlocal tried
            self.stop.check()
            if not (missing and not tried) and has_blob(self.client, self.access, source.digest):
                # After a broken attempt it may be there because that one came to its end unheard.
                return How.SENT if tried else How.PRESENT
            location = self._begin(source.name) if tried or not mount_from else self._mount(source, mount_from)
            if location is None:
                return How.MOUNTED
            tried = True
            self._send(source, location, bodies)
            return How.SENT

        with self._counted() as bodies:
            return self.client.retries.persist(attempt, self._pause)

    def stream(self, stream: LayerStream) -> Layer:
        """Send a layer while it is made. Its digest comes out at the end, and goes into the closing request.

        Raises:
            RegistryFailed: Refused, or broken off too often.
            BundleFailed: A file changed while it was read.
            Stopped: Another part of the push failed for good.
        """
        packed: Layer | None = None

        def attempt() -> Layer:
            nonlocal packed
            self.stop.check()
            if packed and has_blob(self.client, self.access, packed.digest):
                return packed  # the answer to the closing request was lost
            location = self._begin(stream.name)
            bodies.append(stream_body(stream, self.report, self.stop))
            location = self._patch(stream.name, location, bodies[-1])
            packed = stream.layer()
            self._close(stream.name, location, packed.digest)
            return packed

        with self._counted() as bodies:
            return self.client.retries.persist(attempt, self._pause)

    def _pause(self, seconds: float) -> None:
        """Wait a second at a time: a registry may ask for minutes, and the push may be over by then."""
        while seconds > 0:
            self.stop.check()
            self.client.sleep(min(1.0, seconds))
            seconds -= 1.0

    @contextmanager
    def _counted(self) -> Iterator[list[Body]]:
        """Takes the body of each attempt."""
        bodies: list[Body] = []
        with self.free:
            try:
                yield bodies
            finally:
                self.tally.sent(sum(body.done for body in bodies))
                if bodies:
                    self.report(bodies[-1].progress(finished=True))

    def _begin(self, name: str) -> str:
        """The address of a new upload."""
        path = f"/v2/{self.access.repository}/blobs/uploads/"
        response = self.client.attempt(Call("POST", path, self.access, self._action(name), frozenset({202})))
        return self._location(response, name)

    def _mount(self, source: BlobSource, mount_from: str) -> str | None:
        """None when the blob was mounted; else the address of an upload, which registries give instead."""
        query = f"?mount={quote(source.digest, safe='')}&from={quote(mount_from, safe='')}"
        path = f"/v2/{self.access.repository}/blobs/uploads/{query}"
        call = Call("POST", path, self.access, self._action(source.name), frozenset({201, 202}))
        try:
            response = self.client.attempt(call)
        except RegistryFailed:
            return self._begin(source.name)  # a source that may not be read is no reason to fail: the bytes are sent
        return None if response.status_code == 201 else self._location(response, source.name)

    def _send(self, source: BlobSource, location: str, bodies: list[Body]) -> None:
        if source.content is not None:
            self.tally.sent(source.size)
            self._close(source.name, location, source.digest, source.content)
            return
        body, check = blob_body(source, self.report, self.stop)
        bodies.append(body)
        location = self._patch(source.name, location, body)
        check()
        self._close(source.name, location, source.digest)

    def _patch(self, name: str, location: str, body: Body) -> str:
        """Send all bytes; gives the address for the closing request."""
        accepted = frozenset({202, 204})
        call = Call("PATCH", location, self.access, self._action(name), accepted, _LOST, _BINARY, body)
        response = self.client.attempt(call)
        return self._location(response, name) if "Location" in response.headers else location

    def _close(self, name: str, location: str, digest: Digest, content: bytes = b"") -> None:
        """Give the blob its name, with its last bytes or without. The registry compares the digest."""
        closing = f"{location}{'&' if '?' in location else '?'}digest={quote(digest, safe='')}"
        headers = {**_BINARY, "Content-Length": str(len(content))}
        accepted = frozenset({201, 204})
        call = Call("PUT", closing, self.access, self._action(name), accepted, _LOST, headers, content or None)
        kept = self.client.attempt(call).headers.get("Docker-Content-Digest", digest)
        if kept != digest:
            what = f"`{self.client.host}` keeps it as {kept}, not as {digest}"
            raise AttemptFailed(RegistryFailed(self._action(name), what, "Check that no proxy changes what is sent."))

    def _location(self, response: requests.Response, name: str) -> str:
        location = response.headers.get("Location")
        if not location:
            what, remedy = f"`{self.client.host}` does not say where to send it", "Check that it is a registry."
            raise AttemptFailed(RegistryFailed(self._action(name), what, remedy))
        try:
            return self.client.address(location)
        except ValueError as error:
            what = f"`{self.client.host}` wants it sent to an address that cannot be read, or without encryption"
            raise RegistryFailed(self._action(name), what, NO_REGISTRY) from error

    def _action(self, name: str) -> str:
        return f"send {name} to `{self.client.host}/{self.access.repository}`"


def put_manifest(upload: Upload, content: bytes, media_type: str, name: str = "") -> Mapping[str, str]:
    """Write a manifest or an index.

    Args:
        upload: The repository.
        content: Its bytes.
        media_type: Its kind.
        name: A tag; empty for its digest alone.

    Returns:
        The answer's headers.

    Raises:
        RegistryFailed: Refused, or broken off too often, or kept as something else.
        Stopped: Another part of the push failed for good.
    """
    client, digest = upload.client, digest_of(content)
    place = f"{client.host}/{upload.access.repository}{f':{name}' if name else f'@{digest}'}"
    action = f"write the manifest `{place}`"
    path = f"/v2/{upload.access.repository}/manifests/{name or digest}"
    headers = {"Content-Type": media_type}
    upload.stop.check()
    answer = client.call(Call("PUT", path, upload.access, action, frozenset({201}), headers=headers, body=content))
    upload.tally.sent(len(content))
    kept = answer.headers.get("Docker-Content-Digest", digest)
    if kept != digest:
        what = f"`{client.host}` keeps it as {kept}, not as {digest}"
        raise RegistryFailed(action, what, "Check that no proxy changes what is sent.")
    return answer.headers
