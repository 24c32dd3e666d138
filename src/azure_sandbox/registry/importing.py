"""Copies of images from one registry to another, without a client between them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_sandbox.contract import ImportRefused, TagExists
from azure_sandbox.registry.content import INDEX_TYPES
from azure_sandbox.registry.errors import RegistryError, error_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_sandbox.contract import ImageImport
    from azure_sandbox.registry.content import ContentStore, StoredManifest


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that was checked.

    Attributes:
        source: Where the blobs lie.
        target: Where they go.
        manifests: What is copied, children before the index that names them; the image itself is the last.
        wanted: Names and repositories.
    """

    source: ContentStore
    target: ContentStore
    manifests: tuple[StoredManifest, ...]
    wanted: ImageImport

    def __call__(self) -> None:
        """Make it; the tags are written last."""
        for repository in dict.fromkeys([*(name for name, _ in self.wanted.targets), *self.wanted.untagged]):
            for manifest in self.manifests:
                self._copy(manifest, repository)
        image = self.manifests[-1]
        for repository, tag in self.wanted.targets:
            self.target.keep_manifest(repository, image.media_type, image.content, tag)

    def _copy(self, manifest: StoredManifest, repository: str) -> None:
        for digest in _blobs(manifest):
            self.target.import_blob(repository, digest, self.source.blob(self.wanted.repository, digest))
        self.target.keep_manifest(repository, manifest.media_type, manifest.content, None)


def prepare_copy(source: ContentStore, target: ContentStore, wanted: ImageImport) -> Callable[[], None]:
    """Find the image and look at the target's tags; the function that copies. What refers to the image stays behind.

    Raises:
        TagExists: A tag is there, and the copy is not forced.
        ImportRefused: The source has no such image, or a name is malformed.
    """
    try:
        manifests = tuple(_with_children(source, wanted.repository, wanted.reference))
        if not wanted.force:
            _check_free(target, wanted)
    except RegistryError as error:
        message = f"Invalid message {_reason(error)} {json.dumps(error_body(error))}"
        raise ImportRefused(message) from error
    return _Copy(source, target, manifests, wanted)


def _with_children(store: ContentStore, repository: str, reference: str) -> Iterator[StoredManifest]:
    found = store.manifest(repository, reference)
    if found.media_type in INDEX_TYPES:
        for entry in json.loads(found.content)["manifests"]:
            yield from _with_children(store, repository, entry["digest"])
    yield found


def _check_free(target: ContentStore, wanted: ImageImport) -> None:
    for repository, tag in wanted.targets:
        if target.has_tag(repository, tag):
            message = f"{repository}:{tag} Tag {repository}:{tag} already exists in target registry."
            raise TagExists(message)


def _blobs(manifest: StoredManifest) -> list[str]:
    """The digests of the configuration and of the layers that lie in the registry."""
    if manifest.media_type in INDEX_TYPES:
        return []
    content: dict[str, Any] = json.loads(manifest.content)
    return [entry["digest"] for entry in (content["config"], *content["layers"]) if not entry.get("urls")]


def _reason(error: RegistryError) -> str:
    return "NotFound Not Found" if error.status == 404 else "BadRequest Bad Request"
