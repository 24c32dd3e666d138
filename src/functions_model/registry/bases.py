"""Brings the layers of a base image into a repository, over the shortest way there is.

They are there; or mounted from a repository of the same registry; or the registry fetches them itself; or they are
streamed through this machine, once, into the cache repository, so that the next image mounts them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from functions_model.core.references import Digest, ImageReference, short
from functions_model.core.work import Progress, side_by_side
from functions_model.image.assembly import Base
from functions_model.image.manifests import Descriptor
from functions_model.registry.access import Access
from functions_model.registry.bodies import BlobSource, bytes_source, registry_source
from functions_model.registry.client import PARALLEL, RegistryClient
from functions_model.registry.content import get_blob, get_manifest, has_blob, head_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.upload import BlobTransfer, How, Upload, put_manifest

Origin: TypeAlias = tuple[str | None, How]
"""The repository that layers can be mounted from, if any, and how what is mounted from it came into the registry."""


@dataclass(frozen=True, slots=True)
class BaseLayers:
    """The layers of one base image, on their way into a repository.

    Attributes:
        base: The base image.
        client: Its registry.
        upload: The repository that must have them.
        cache: Another repository there, which keeps bases for all images; None for none.
        import_base: Lets the registry fetch an image, given by its digest, under a tag: `(image, "repository:tag")`.
            False when it cannot.
    """

    base: Base
    client: RegistryClient
    upload: Upload
    cache: str | None = None
    import_base: Callable[[ImageReference, str], bool] | None = None

    def bring(self, present: Collection[Digest] = ()) -> tuple[BlobTransfer, ...]:
        """See to it that the repository has every layer; those of `present` are known to be there.

        Raises:
            RegistryFailed: A registry refused, or broke off too often.
            Stopped: Another part of the push failed for good.
        """
        sources = self._sources()
        asked = tuple(source for source in sources if source.digest not in present)
        there = side_by_side([partial(self._has, source) for source in asked], self.upload.stop, PARALLEL)
        missing = tuple(source for source, found in zip(asked, there, strict=True) if not found)
        hows = self._send(missing, self._origin(), missing=True) if missing else {}
        return tuple(BlobTransfer(s.name, s.digest, s.size, hows.get(s.digest, How.PRESENT)) for s in sources)

    def _sources(self) -> tuple[BlobSource, ...]:
        repository = self.base.reference.repository
        first: dict[Digest, tuple[str, Descriptor]] = {}
        for number, layer in enumerate(self.base.manifest.layers, 1):
            first.setdefault(layer.digest, (f"base layer {number}", layer))
        return tuple(registry_source(name, layer, self.client, repository) for name, layer in first.values())

    def _has(self, source: BlobSource) -> bool:
        self.upload.stop.check()
        return has_blob(self.upload.client, self.upload.access, source.digest)

    def _send(self, sources: Sequence[BlobSource], origin: Origin, *, missing: bool = False) -> dict[Digest, How]:
        """The largest first: then no large one is left over at the end, alone."""
        ordered = sorted(sources, key=lambda source: -source.size)
        mount, mounted = origin
        tasks = [partial(self.upload.send, source, mount, missing=missing) for source in ordered]
        results = side_by_side(tasks, self.upload.stop, PARALLEL)
        hows = dict(zip((source.digest for source in ordered), results, strict=True))
        return {digest: mounted if how is How.MOUNTED else how for digest, how in hows.items()}

    def _origin(self) -> Origin:
        """A repository to mount from, made to have the layers where that is possible."""
        base = self.base.reference
        if base.registry == self.upload.client.host:
            return (base.repository if base.repository != self.upload.access.repository else None), How.MOUNTED
        if self.cache is None:
            return None, How.MOUNTED
        if self._cached(self.cache):
            return self.cache, How.MOUNTED
        if self._import(self.cache):
            return self.cache, How.IMPORTED
        return (self.cache, How.SENT) if self._stream(self.cache) else (None, How.MOUNTED)

    @property
    def _tag(self) -> str:
        return f"base-{short(self.base.digest)}"

    def _cached(self, cache: str) -> bool:
        try:
            return head_manifest(self.upload.client, Access(cache), self._tag) == self.base.digest
        except RegistryRefused as refused:
            if not refused.forbidden:
                raise
            return False

    def _import(self, cache: str) -> bool:
        if self.import_base is None:
            return False
        pinned = replace(self.base.reference, tag=None, digest=self.base.digest)
        self.upload.report(Progress("import the base image", 0))
        try:
            return self.import_base(pinned, f"{cache}:{self._tag}")
        finally:
            self.upload.report(Progress("import the base image", 0, finished=True))

    def _stream(self, cache: str) -> bool:
        """Through this machine into the cache repository. False when that may not be written."""
        access = Access(self.base.reference.repository)
        config = self.base.manifest.config
        upload = self.upload.into(Access(cache, push=True))
        content = get_blob(self.client, access, config.digest, config.size)
        try:
            # The smallest first: it shows whether the repository may be written to.
            upload.send(bytes_source("the base's configuration", content))
        except RegistryRefused as refused:
            if not refused.forbidden:
                raise
            upload.tally.note(f"The base image is not kept in `{upload.client.host}/{cache}`: {refused.reason}.")
            return False
        replace(self, upload=upload)._send(self._sources(), (None, How.MOUNTED))  # noqa: SLF001 - itself, elsewhere
        manifest = get_manifest(self.client, access, self.base.digest)
        put_manifest(upload, manifest.content, self.base.manifest.media_type, self._tag)
        return True
