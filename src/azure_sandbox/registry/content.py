"""Content on disk, found by digest; repositories link to it.

    blobs/sha256/ab/abcd...            the bytes, once, whoever sent them
    repositories/<name>/_blobs/<hex>   this repository may serve that blob
    repositories/<name>/_manifests/<hex>  its content is the media type
    repositories/<name>/_tags/<tag>    its content is the digest
    uploads/<id>                       what has been received so far

A repository's name never has a part that starts with `_`, so the folders cannot collide.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from azure_sandbox.registry import errors

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it was put.

    Attributes:
        digest: Of its bytes.
        media_type: As it was sent.
        content: The bytes.
        created: When it was put first.
    """

    digest: str
    media_type: str
    content: bytes
    created: dt.datetime


class ContentStore:
    """The content of one registry.

    Args:
        root: The folder it lies in; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uploads = root / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        (root / "repositories").mkdir(exist_ok=True)

    # --- blobs

    def blob(self, repository: str, digest: str) -> Path:
        """The blob's file.

        Raises:
            RegistryError: The repository does not have it, or the digest is malformed.
        """
        if not (self._folder(repository, "_blobs") / _hex(digest)).exists():
            raise errors.blob_unknown(digest)
        return self.path_of(digest)

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository has that blob."""
        return (self._folder(repository, "_blobs") / _hex(digest)).exists()

    def keep_blob(self, repository: str, digest: str, received: Path) -> None:
        """Take over a file whose digest was checked."""
        target = self.path_of(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        received.replace(target)
        self.link_blob(repository, digest)

    def import_blob(self, repository: str, digest: str, source: Path) -> None:
        """Take a file that stays where it is: linked where the file system can, else copied."""
        target = self.path_of(digest)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        self.link_blob(repository, digest)

    def link_blob(self, repository: str, digest: str) -> None:
        """Let the repository serve a blob that the registry has."""
        _write(self._folder(repository, "_blobs") / _hex(digest), b"")

    def unlink_blob(self, repository: str, digest: str) -> None:
        """Take the blob from the repository."""
        self.blob(repository, digest)
        (self._folder(repository, "_blobs") / _hex(digest)).unlink(missing_ok=True)

    def path_of(self, digest: str) -> Path:
        """Where the bytes of a digest lie, or would lie."""
        name = _hex(digest)
        return self.root / "blobs" / "sha256" / name[:2] / name

    # --- manifests and tags

    def manifest(self, repository: str, reference: str) -> StoredManifest:
        """A manifest by tag or digest.

        Raises:
            RegistryError: There is none.
        """
        digest = reference if DIGEST.fullmatch(reference) else self._tagged(repository, reference)
        link = self._folder(repository, "_manifests") / _hex(digest)
        if not link.exists():
            raise errors.manifest_unknown(reference)
        content = self.path_of(digest).read_bytes()
        return StoredManifest(digest, link.read_text(), content, _time_of(link))

    def has_manifest(self, repository: str, digest: str) -> bool:
        """Whether the repository has that manifest."""
        return (self._folder(repository, "_manifests") / _hex(digest)).exists()

    def keep_manifest(self, repository: str, media_type: str, content: bytes, tag: str | None) -> str:
        """Keep a checked manifest; its digest. The tag is written last."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not self.path_of(digest).exists():
            _write(self.path_of(digest), content)
        if not self.has_manifest(repository, digest):
            _write(self._folder(repository, "_manifests") / _hex(digest), media_type.encode())
        if tag is not None:
            _write(self._folder(repository, "_tags") / tag, digest.encode())
        return digest

    def drop_manifest(self, repository: str, digest: str) -> None:
        """Forget a manifest and the tags that name it."""
        found = self.manifest(repository, digest)
        for tag in self.tags_of(repository, found.digest):
            self.drop_tag(repository, tag)
        (self._folder(repository, "_manifests") / _hex(digest)).unlink(missing_ok=True)

    def drop_tag(self, repository: str, tag: str) -> None:
        """Forget a tag; the manifest stays."""
        self._tagged(repository, tag)
        (self._folder(repository, "_tags") / tag).unlink(missing_ok=True)

    def tags(self, repository: str) -> list[str]:
        """All tags, sorted.

        Raises:
            RegistryError: There is no such repository.
        """
        self._known(repository)
        return _names(self._folder(repository, "_tags"))

    def tags_of(self, repository: str, digest: str) -> list[str]:
        """The tags that name a manifest."""
        return [tag for tag in self.tags(repository) if self._tagged(repository, tag) == digest]

    def has_tag(self, repository: str, tag: str) -> bool:
        """Whether the repository has that tag.

        Raises:
            RegistryError: A malformed name of a repository or of a tag.
        """
        folder = self._folder(repository, "_tags")
        if not TAG.fullmatch(tag):
            raise errors.RegistryError(400, "TAG_INVALID", f"`{tag}` is not a tag")
        return (folder / tag).exists()

    def tag_time(self, repository: str, tag: str) -> dt.datetime:
        """When the tag was written last."""
        return _time_of(self._folder(repository, "_tags") / tag)

    def manifests(self, repository: str) -> list[StoredManifest]:
        """Every manifest of the repository, by digest.

        Raises:
            RegistryError: There is no such repository.
        """
        self._known(repository)
        names = _names(self._folder(repository, "_manifests"))
        return [self.manifest(repository, f"sha256:{name}") for name in names]

    # --- repositories

    def repositories(self) -> list[str]:
        """The names of all repositories that have or had a manifest, sorted."""
        top = self.root / "repositories"
        return sorted(str(found.parent.relative_to(top)) for found in top.rglob("_manifests"))

    def drop_repository(self, repository: str) -> None:
        """Forget a repository with all its links."""
        self._known(repository)
        for part in ("_blobs", "_manifests", "_tags"):
            shutil.rmtree(self._folder(repository, part), ignore_errors=True)

    def _known(self, repository: str) -> None:
        if not self._folder(repository, "_manifests").exists():
            raise errors.name_unknown(repository)

    def _tagged(self, repository: str, tag: str) -> str:
        if not TAG.fullmatch(tag):
            raise errors.manifest_unknown(tag)
        try:
            return (self._folder(repository, "_tags") / tag).read_text()
        except FileNotFoundError:
            raise errors.manifest_unknown(tag) from None

    def _folder(self, repository: str, part: str) -> Path:
        if not REPOSITORY.fullmatch(repository) or len(repository) > 255:
            raise errors.RegistryError(400, "NAME_INVALID", "invalid repository name", {"name": repository})
        return self.root / "repositories" / repository / part


def _hex(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise errors.digest_invalid(f"`{digest}` is not a sha256 digest")
    return digest.removeprefix("sha256:")


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def _time_of(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all: readers never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as stream:
        stream.write(content)
    Path(stream.name).replace(path)
