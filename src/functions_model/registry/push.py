"""Puts an image into a registry: blobs side by side, then the manifest by its digest, and the tag last of all.

So no tag ever points at half an image. When the tag means this image already, nothing is sent.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from functions_model.core.failures import RegistryFailed
from functions_model.registry.access import Access
from functions_model.registry.client import PARALLEL, Call
from functions_model.registry.content import BLOCK, head_manifest, stream_blob
from functions_model.registry.upload import BlobProgress, BlobSource, How, Stopped, Upload, bytes_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from functions_model.core.digests import Digest
    from functions_model.core.references import ImageReference
    from functions_model.image.assembly import Image
    from functions_model.image.layers import Layer
    from functions_model.image.manifests import Descriptor
    from functions_model.registry.client import RegistryClient


@dataclass(frozen=True, slots=True)
class BlobTransfer:
    """What became of one blob.

    Attributes:
        name: The layer's name; `base layer N` (from 1) and `config` for the others.
        digest: The blob's.
        size: Bytes.
        how: `sent`, `mounted` or `present`.
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
        bytes_sent: In bodies of blobs and manifests, those of broken attempts included.
        requests: Sent to the target registry, those for tokens included.
        manifest_written: False when the tag meant this image already.
    """

    reference: ImageReference
    blobs: tuple[BlobTransfer, ...]
    bytes_sent: int
    requests: int
    manifest_written: bool


def push_image(
    client: RegistryClient,
    image: Image,
    target: ImageReference,
    *,
    base_client: RegistryClient,
    progress: Callable[[BlobProgress], None] = lambda _: None,
) -> PushedImage:
    """See to it that the registry has an image under a tag (or, without a tag, by its digest).

    Args:
        client: The target registry.
        image: What to push.
        target: Where to; a digest in it is not looked at.
        base_client: The base image's registry, for layers that the target lacks.
        progress: Told of every block and every blob that is done, from several threads.

    Raises:
        RegistryFailed: Refused, or broken off too often. The tag is then what it was.
    """
    before = client.request_count
    pinned = replace(target, digest=image.digest)
    base = image.base.reference
    sources = _sources(image, base_client)
    near = base.repository if base.registry == client.host and base.repository != target.repository else None
    access = Access(target.repository, push=True, mount_from=(near,) if near else ())
    if head_manifest(client, access, target.tag or image.digest) == image.digest:
        present = tuple(BlobTransfer(s.name, s.digest, s.size, How.PRESENT) for s in sources)
        return PushedImage(pinned, present, 0, client.request_count - before, manifest_written=False)
    below = {descriptor.digest for descriptor in image.base.manifest.layers}
    upload = Upload(client, access, progress, Event())
    blobs, sent = _send_all(upload, sources, {digest: near for digest in below if near})
    names = [image.digest, *([target.tag] if target.tag else [])]
    for name in names:
        _put_manifest(client, access, image, name)
    sent += len(names) * len(image.manifest)
    return PushedImage(pinned, blobs, sent, client.request_count - before, manifest_written=True)


def _sources(image: Image, base_client: RegistryClient) -> tuple[BlobSource, ...]:
    base = [
        _base_source(f"base layer {number}", descriptor, base_client, image.base.reference.repository)
        for number, descriptor in enumerate(image.base.manifest.layers, 1)
    ]
    config = bytes_source("config", image.config_descriptor.digest, image.config)
    ordered = [*base, *map(_layer_source, image.layers), config]
    return tuple({source.digest: source for source in reversed(ordered)}.values())[::-1]


def _base_source(name: str, descriptor: Descriptor, client: RegistryClient, repository: str) -> BlobSource:
    access = Access(repository)

    def opened() -> AbstractContextManager[Iterator[bytes]]:
        return stream_blob(client, access, descriptor.digest)

    return BlobSource(name, descriptor.digest, descriptor.size, opened, passing=True)


def _layer_source(layer: Layer) -> BlobSource:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        with layer.open() as stream:
            yield iter(lambda: stream.read(BLOCK), b"")

    return BlobSource(layer.name, layer.digest, layer.size, opened)


def _send_all(
    upload: Upload, sources: Sequence[BlobSource], mounts: dict[Digest, str]
) -> tuple[tuple[BlobTransfer, ...], int]:
    """All blobs, some side by side. The first failure ends the others, and is the one that is told."""

    def send(source: BlobSource) -> tuple[BlobTransfer, int]:
        try:
            how, spent = upload.send(source, mounts.get(source.digest))
        except BaseException:
            upload.stop.set()
            raise
        return BlobTransfer(source.name, source.digest, source.size, how), spent

    with ThreadPoolExecutor(PARALLEL, "push") as workers:
        # The largest first: then no large one is left over at the end, alone.
        futures = {s.digest: workers.submit(send, s) for s in sorted(sources, key=lambda s: -s.size)}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
        finally:  # an interrupt ends the transfers too
            upload.stop.set()
            workers.shutdown(cancel_futures=True)
    _raise_first(futures.values())
    results = [futures[source.digest].result() for source in sources]
    return tuple(transfer for transfer, _ in results), sum(spent for _, spent in results)


def _raise_first(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, Stopped):
            raise error


def _put_manifest(client: RegistryClient, access: Access, image: Image, name: str) -> None:
    place = f"{client.host}/{access.repository}{'@' if ':' in name else ':'}{name}"
    action = f"write the manifest `{place}`"
    path = f"/v2/{access.repository}/manifests/{name}"
    headers = {"Content-Type": image.media_type}
    answer = client.call(Call("PUT", path, access, action, frozenset({201}), headers=headers, body=image.manifest))
    kept = answer.headers.get("Docker-Content-Digest", image.digest)
    if kept != image.digest:
        what = f"`{client.host}` keeps it as {kept}, not as {image.digest}"
        raise RegistryFailed(action, what, "Check that no proxy changes what is sent.")
