"""Contents of registries behind a control plane without servers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.registry.content import ContentStore
from azure_sandbox.registry.importing import prepare_copy
from azure_sandbox.sandbox import REGISTRY
from support.fake_data_plane import fake_data_plane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.contract import ImageImport
    from azure_sandbox.data_plane import DataPlane

IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registries:
    """The base images, and what each registry holds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.base, self.own = ContentStore(root / "base"), ContentStore(root / REGISTRY)

    def copy(self, source: str, target: str, wanted: ImageImport) -> Callable[[], None]:
        return prepare_copy(self.of(source) if source else self.base, self.of(target), wanted)

    def of(self, name: str) -> ContentStore:
        """The content of the registry with that name."""
        return ContentStore(self._root / name.lower())

    def put(self, store: ContentStore, repository: str, tag: str | None, content: bytes = b"weights") -> str:
        """An image with one layer; its digest."""
        layers = [self.blob(store, repository, one) for one in (b"{}", content)]
        manifest = {"schemaVersion": 2, "mediaType": IMAGE_TYPE, "config": layers[0], "layers": layers[1:]}
        return store.keep_manifest(repository, IMAGE_TYPE, json.dumps(manifest).encode(), tag)

    def blob(self, store: ContentStore, repository: str, content: bytes) -> dict[str, Any]:
        received = store.uploads / "received"
        received.write_bytes(content)
        store.keep_blob(repository, digest_of(content), received)
        return {"mediaType": "application/octet-stream", "digest": digest_of(content), "size": len(content)}

    def data_plane(self, *given: Any) -> DataPlane:
        """For `Sandbox(data_plane=...)`."""
        return replace(fake_data_plane(*given), copy_image=self.copy)
