"""Puts an image into a registry: layers while they are made, what else it needs side by side, and the tag last of all.

So no tag ever points at half an image. When the tag means this image already, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Lock

from functions_model.core.cancel import CANCEL
from functions_model.core.references import Digest, ImageReference
from functions_model.core.work import Report, Stopped, side_by_side, silent
from functions_model.image.assembly import Base, Image
from functions_model.image.layers import Layer, LayerStream
from functions_model.image.manifests import Descriptor
from functions_model.registry.access import Access
from functions_model.registry.bases import BaseLayers
from functions_model.registry.bodies import bytes_source, layer_source
from functions_model.registry.client import PARALLEL, RegistryClient
from functions_model.registry.content import head_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.records import RecordToWrite, write_record
from functions_model.registry.referrers import Attachment, attach
from functions_model.registry.upload import BlobTransfer, How, PushedImage, Upload, put_manifest

_UNKNOWN = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})


class Push:
    """One push of one image. Safe to use from several threads; after a failure, or `close`, it is over.

    Args:
        client: The target registry.
        target: Where to; a digest in it is not looked at.
        base_client: The base image's registry, for layers that the target's registry lacks.
        cache_repository: A repository of the target's registry that keeps base images for all images; None for none.
        import_base: Lets the target's registry fetch a base image by itself: `(image by digest, "repository:tag")`.
            False when it cannot.
        report: Told how far each layer is, from several threads: tasks `send NAME`.
    """

    def __init__(
        self,
        client: RegistryClient,
        target: ImageReference,
        *,
        base_client: RegistryClient,
        cache_repository: str | None = None,
        import_base: Callable[[ImageReference, str], bool] | None = None,
        report: Report = silent,
    ) -> None:
        self._client, self._target, self._base_client = client, target, base_client
        self._cache = cache_repository if cache_repository != target.repository else None
        self._import_base = import_base
        self._before = client.request_count
        self._upload = Upload.begin(client, self._access(()), report)
        self._there: dict[Digest, BlobTransfer] = {}
        self._bringing = Lock()

    def send(self, layer: LayerStream | Layer) -> Layer:
        """Send a layer ahead of the image: a stream in one pass, a finished layer only when it is missing.

        Up to four are under way at once; further ones wait.

        Raises:
            RegistryFailed: Refused, or broken off too often; then the whole push is over.
            BundleFailed: A file changed while it was read.
        """
        with self._ending(f"send {layer.name}"):
            if isinstance(layer, Layer):
                how = self._upload.send(layer_source(layer, self._client), self._mount_of(layer))
            else:
                layer, how = self._upload.stream(layer), How.SENT
            self._there[layer.digest] = BlobTransfer(layer.name, layer.digest, layer.size, how)
            return layer

    def bring_base(self, base: Base, *, present: Collection[Digest] = ()) -> None:
        """Bring the base's layers ahead of the image: `finish` does it otherwise.

        Args:
            base: The base image.
            present: Layers that a record says are there.

        Raises:
            RegistryFailed: As for `send`.
        """
        action = f"bring the base image to `{self._client.host}/{self._target.repository}`"
        with self._ending(action), self._bringing:
            known = {*self._there, *present}
            upload = self._upload.into(self._access(self._neighbours(base, ())))
            layers = BaseLayers(base, self._base_client, upload, self._cache, self._import_base)
            for blob in layers.bring(known):
                self._there.setdefault(blob.digest, blob)

    def finish(
        self,
        image: Image,
        *,
        tag: str | None = None,
        attachments: Sequence[Attachment] = (),
        records: Sequence[RecordToWrite] = (),
        present: Collection[Digest] = (),
    ) -> PushedImage:
        """See to it that the registry has an image under its tag (or, without a tag, by its digest).

        Args:
            image: What to push; its layers may have been sent before.
            tag: In the place of the target's, for a tag that follows from the image.
            attachments: What is put beside it, before the tag.
            records: What later runs find its layers by. One that may not be written is told in `notes`.
            present: Layers that a record says are in the target's repository; no request asks for them again.

        Raises:
            RegistryFailed: Refused, or broken off too often. The tag is then what it was.
        """
        self._target = replace(self._target, tag=tag or self._target.tag)
        name = self._target.tag or image.digest
        with self._ending(f"push `{self._client.host}/{self._target.repository}`"):
            upload = self._upload.into(self._access(self._neighbours(image.base, image.layers)))
            if head_manifest(self._client, upload.access, name) == image.digest:
                return self._pushed(image, written=False)
            self._blobs(image, upload, present)
            self._beside(image, upload, attachments, records)
            with CANCEL.work(f"the image `{self._client.host}/{self._target.repository}:{name}`"):
                self._tag(image, upload)
            return self._pushed(image, written=True)

    def close(self) -> None:
        """End what is under way. Nothing that was sent is undone, and the tag is what it was."""
        self._upload.stop.end()

    @contextmanager
    def _ending(self, action: str) -> Iterator[None]:
        """A failure ends the push; where something was given up because of another, that other is told."""
        try:
            self._upload.stop.check()
            yield
        except Stopped:
            raise self._upload.stop.cause(action) from None
        except BaseException as error:
            self._upload.stop.end(error)
            raise

    def _access(self, neighbours: Collection[str]) -> Access:
        """One token for everything, the cache repository included where it may be needed."""
        others = {*neighbours, *([self._cache] if self._cache else [])} - {self._target.repository}
        return Access(self._target.repository, push=True, mount_from=tuple(sorted(others)))

    def _neighbours(self, base: Base, layers: Sequence[Layer]) -> set[str]:
        """Repositories of the registry that have something of an image."""
        found = {layer.repository for layer in layers if layer.repository}
        return found | ({base.reference.repository} if base.reference.registry == self._client.host else set())

    def _mount_of(self, layer: Layer) -> str | None:
        return layer.repository if layer.repository not in {"", self._target.repository} else None

    def _blobs(self, image: Image, upload: Upload, present: Collection[Digest]) -> None:
        def send(layer: Layer) -> None:
            how = upload.send(layer_source(layer, self._client), self._mount_of(layer))
            self._there[layer.digest] = BlobTransfer(layer.name, layer.digest, layer.size, how)

        def configure() -> None:
            source = bytes_source("config", image.config)
            how = upload.send(source)
            self._there[source.digest] = BlobTransfer(source.name, source.digest, source.size, how)

        waiting = {layer.digest: layer for layer in image.layers if not self._known(layer, present)}
        largest_first = sorted(waiting.values(), key=lambda layer: -layer.size)
        tasks: list[Callable[[], None]] = [partial(self.bring_base, image.base, present=present)]
        tasks += [*(partial(send, layer) for layer in largest_first), configure]
        side_by_side(tasks, upload.stop, PARALLEL + 1)

    def _known(self, layer: Layer, present: Collection[Digest]) -> bool:
        return layer.digest in self._there or layer.digest in present or layer.repository == self._target.repository

    def _beside(
        self, image: Image, upload: Upload, attachments: Sequence[Attachment], records: Sequence[RecordToWrite]
    ) -> None:
        subject = Descriptor(image.media_type, image.digest, len(image.manifest))

        def attach_all() -> None:
            for attachment in attachments:  # one after the other: they may share a list that is read and written
                attach(upload, attachment, subject)

        tasks: list[Callable[[], None]] = [attach_all, *(partial(write_record, upload, record) for record in records)]
        side_by_side(tasks, upload.stop, PARALLEL)

    def _tag(self, image: Image, upload: Upload) -> None:
        name = self._target.tag or ""
        try:
            put_manifest(upload, image.manifest, image.media_type, name)
        except RegistryRefused as refused:
            if refused.code not in _UNKNOWN:
                raise
            self._mend(image, upload)
            put_manifest(upload, image.manifest, image.media_type, name)

    def _mend(self, image: Image, upload: Upload) -> None:
        """A blob that a record promised is gone: look for every one, and send what there is."""
        sent = {digest: blob for digest, blob in self._there.items() if blob.how is not How.PRESENT}
        self._there.clear()
        own = tuple(replace(layer, repository="") for layer in image.layers)
        self._blobs(replace(image, layers=own), upload, ())
        self._there.update(sent)

    def _pushed(self, image: Image, *, written: bool) -> PushedImage:
        reference = replace(self._target, digest=image.digest)
        tally = self._upload.tally
        blobs = tuple({blob.digest: blob for blob in reversed(self._named(image))}.values())[::-1]
        if written:
            blobs = tuple(self._there.get(blob.digest, blob) for blob in blobs)
        requests = self._client.request_count - self._before
        return PushedImage(reference, blobs, tally.bytes_sent, requests, written, tuple(tally.notes))

    def _named(self, image: Image) -> list[BlobTransfer]:
        """Every blob of the image, as if it had been there."""
        base = image.base.manifest.layers
        named = [(f"base layer {number}", layer) for number, layer in enumerate(base, 1)]
        named += [(layer.name, layer.descriptor) for layer in image.layers]
        named += [("config", image.config_descriptor)]
        return [BlobTransfer(name, blob.digest, blob.size, How.PRESENT) for name, blob in named]
