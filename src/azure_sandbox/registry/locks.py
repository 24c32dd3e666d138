"""What may be done with a repository, a tag or a manifest: the attributes that people change to lock them.

They lie beside the content: `repositories/<name>/_attributes/<what>`, JSON of what differs from `OPEN`. A part is
`repository`, `tag.<tag>` or `manifest.<digest>`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azure_sandbox.registry import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from azure_sandbox.registry.content import ContentStore

OPEN = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}
REPOSITORY = "repository"


def tag_part(tag: str) -> str:
    """The part that a tag is."""
    return f"tag.{tag}"


def manifest_part(digest: str) -> str:
    """The part that a manifest is."""
    return f"manifest.{digest}"


def attributes(store: ContentStore, repository: str, part: str) -> dict[str, bool]:
    """Those of a part; all are open that nobody has changed."""
    try:
        return {**OPEN, **json.loads(_file(store, repository, part).read_text())}
    except FileNotFoundError:
        return dict(OPEN)


def change(store: ContentStore, repository: str, part: str, given: Mapping[str, object]) -> None:
    """Set those that are given; others stay."""
    changed = attributes(store, repository, part) | {name: bool(value) for name, value in given.items() if name in OPEN}
    file = _file(store, repository, part)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(changed))


def forget(store: ContentStore, repository: str, part: str) -> None:
    """Drop what is known of a part that is gone."""
    _file(store, repository, part).unlink(missing_ok=True)


def refuse_writing(store: ContentStore, repository: str, tag: str | None) -> None:
    """Refuse a manifest for a repository, or for a tag, that is locked.

    Raises:
        RegistryError: 405.
    """
    parts = [REPOSITORY, *([tag_part(tag)] if tag else [])]
    if not all(attributes(store, repository, part)["writeEnabled"] for part in parts):
        raise errors.disallowed()


def refuse_deleting(store: ContentStore, repository: str, *parts: str) -> None:
    """Refuse to delete what is locked, or in a repository that is: either attribute keeps it.

    Raises:
        RegistryError: 405.
    """
    if any(_keeps(attributes(store, repository, part)) for part in (REPOSITORY, *parts)):
        raise errors.disallowed()


def drop_manifest(store: ContentStore, repository: str, digest: str) -> None:
    """Delete a manifest with its tags, and what names it as its subject.

    Raises:
        RegistryError: It is not there, or it is locked, or one of those that go with it.
    """
    store.manifest(repository, digest)
    going = [digest, *_referrers(store, repository, digest)]
    for one in going:
        tags = [tag_part(tag) for tag in store.tags_of(repository, one)]
        refuse_deleting(store, repository, manifest_part(one), *tags)
    for one in going:
        for tag in store.tags_of(repository, one):
            forget(store, repository, tag_part(tag))
        forget(store, repository, manifest_part(one))
        store.drop_manifest(repository, one)


def drop_tag(store: ContentStore, repository: str, tag: str) -> None:
    """Delete a tag; the manifest stays.

    Raises:
        RegistryError: It is not there, or it is locked.
    """
    store.manifest(repository, tag)
    refuse_deleting(store, repository, tag_part(tag))
    store.drop_tag(repository, tag)
    forget(store, repository, tag_part(tag))


def _keeps(held: Mapping[str, bool]) -> bool:
    return not (held["deleteEnabled"] and held["writeEnabled"])


def _referrers(store: ContentStore, repository: str, subject: str) -> Iterator[str]:
    """Digests of what names a manifest as its subject, and of what names those."""
    for stored in store.manifests(repository):
        if (json.loads(stored.content).get("subject") or {}).get("digest") == subject:
            yield stored.digest
            yield from _referrers(store, repository, stored.digest)


def _file(store: ContentStore, repository: str, part: str) -> Path:
    return store.root / "repositories" / repository / "_attributes" / part
