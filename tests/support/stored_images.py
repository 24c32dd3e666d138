"""Images as a registry has them, read by plain requests: nothing of the product takes part."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

import requests

_ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in ("oci.image.manifest.v1", "docker.distribution.manifest.v2", "oci.image.index.v1")
)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image of which every blob was read back and held against its digest.

    Attributes:
        digest: The manifest's.
        manifest: As JSON.
        config: As JSON.
        blobs: The layers' bytes by digest.
    """

    digest: str
    manifest: dict[str, Any]
    config: dict[str, Any]
    blobs: dict[str, bytes] = field(repr=False)

    @property
    def labels(self) -> dict[str, str]:
        """The image's."""
        return dict(self.config["config"]["Labels"])

    @property
    def layers(self) -> dict[str, dict[str, Any]]:
        """Our layers' descriptors, by the names that the history has."""
        told = [entry for entry in self.config["history"] if not entry.get("empty_layer")]
        names = [str(entry.get("created_by", "")).partition("functions-model: ")[2] for entry in told]
        return {name: layer for name, layer in zip(names, self.manifest["layers"], strict=True) if name}

    @property
    def diff_ids(self) -> dict[str, str]:
        """The digests of the layers' plain tars, by name."""
        return dict(zip(reversed(self.layers), reversed(self.config["rootfs"]["diff_ids"]), strict=False))

    def files(self, name: str) -> list[tarfile.TarInfo]:
        """What is in a layer."""
        with self._layer(name) as archive:
            return archive.getmembers()

    def file(self, name: str, ending: str) -> bytes:
        """The content of the one file in a layer whose path ends so."""
        with self._layer(name) as archive:
            [found] = [entry for entry in archive if entry.isfile() and entry.name.endswith(ending)]
            content = archive.extractfile(found)
            assert content is not None
            return content.read()

    def _layer(self, name: str) -> tarfile.TarFile:
        return tarfile.open(fileobj=io.BytesIO(self.blobs[self.layers[name]["digest"]]))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads from one registry.

    Attributes:
        root: `http://host`.
        session: Knows how to log in.
    """

    root: str
    session: requests.Session = field(default_factory=requests.Session)

    def tags(self, repository: str) -> list[str]:
        """All of them, sorted; none where there is no such repository."""
        answer = self.session.get(f"{self.root}/v2/{repository}/tags/list", timeout=30)
        return [] if answer.status_code == 404 else sorted(answer.json()["tags"] or [])

    def digest(self, repository: str, tag: str) -> str | None:
        """What a tag means."""
        url = f"{self.root}/v2/{repository}/manifests/{tag}"
        answer = self.session.head(url, headers={"Accept": _ACCEPT}, timeout=30)
        return answer.headers["Docker-Content-Digest"] if answer.ok else None

    def manifest(self, repository: str, name: str) -> dict[str, Any]:
        """A manifest, as JSON."""
        return dict(json.loads(self._manifest(repository, name)))

    def image(self, repository: str, name: str) -> StoredImage:
        """An image, whole."""
        content = self._manifest(repository, name)
        manifest = json.loads(content)
        config = json.loads(self.blob(repository, manifest["config"]["digest"]))
        blobs = {layer["digest"]: self.blob(repository, layer["digest"]) for layer in manifest["layers"]}
        assert [len(blobs[layer["digest"]]) for layer in manifest["layers"]] == [
            layer["size"] for layer in manifest["layers"]
        ]
        return StoredImage(_digest(content), manifest, config, blobs)

    def blob(self, repository: str, digest: str) -> bytes:
        """A blob, held against its digest."""
        answer = self.session.get(f"{self.root}/v2/{repository}/blobs/{digest}", timeout=60)
        answer.raise_for_status()
        assert _digest(answer.content) == digest
        return answer.content

    def _manifest(self, repository: str, name: str) -> bytes:
        url = f"{self.root}/v2/{repository}/manifests/{name}"
        answer = self.session.get(url, headers={"Accept": _ACCEPT}, timeout=30)
        answer.raise_for_status()
        return answer.content


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
