"""What a repository of Azure Container Registry holds, and what of it may be removed, one manifest at a time.

Lists, locks and removals go through Azure's SDK, which knows them; what a manifest is, our own client reads: the SDK
takes four requests for each answer.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.bundle.labels import OWN
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import LIVE, Digest, parse_digest
from functions_model.image.configs import LARGEST_CONFIG, parse_config
from functions_model.image.manifests import Index, Manifest, parse_manifest
from functions_model.registry.access import Access
from functions_model.registry.client import PARALLEL, RegistryClient
from functions_model.registry.content import get_blob, get_manifest
from functions_model.registry.errors import RegistryRefused
from functions_model.registry.records import RECORD_TYPE
from functions_model.registry.tags import DELETERS, READERS, Acr

_PAGE = 100
"""So many entries of a list at a time, as `az acr repository` asks for them."""


class Sort(enum.Enum):
    """What a manifest is to whoever removes old images."""

    IMAGE = "an image that this tool has made"
    RECORD = "a record of the layers of one"
    OTHER = "anything else: of another tool, or removed together with its image"


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest in a repository.

    Attributes:
        digest: Its digest.
        created: When it was pushed.
        touched: When something of it was changed last.
        tags: Those that mean it.
        locked: Whether the registry would refuse to delete it: by itself, or for the sake of a tag.
        sort: What it is.
        needs: Digests of manifests that it is made of: those of an index.
        subject: The manifest that it tells something about, and goes with.
    """

    digest: Digest
    created: datetime
    touched: datetime
    tags: tuple[str, ...] = ()
    locked: bool = False
    sort: Sort = Sort.OTHER
    needs: frozenset[Digest] = frozenset()
    subject: Digest | None = None

    @property
    def is_live(self) -> bool:
        """Whether an app runs it, as far as tags say."""
        return is_live(self.tags)

    @property
    def is_record(self) -> bool:
        """Whether it is no image, but a record of the layers of one."""
        return self.sort is Sort.RECORD


def is_live(tags: Iterable[str]) -> bool:
    """Whether one of the tags is a live tag."""
    return any(tag.startswith(LIVE) for tag in tags)


def read_contents(acr: Acr, client: RegistryClient, repository: str) -> tuple[Stored, ...]:
    """Every manifest of a repository; none of one that is not there.

    Args:
        acr: The registry, by its own interface.
        client: The same.
        repository: Its name.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    with acr.asking(f"list the images of `{acr.host}/{repository}`", repository, READERS) as sdk:
        try:
            listed = list(sdk.list_manifest_properties(repository, results_per_page=_PAGE))
            locked = {tag.name for tag in sdk.list_tag_properties(repository, results_per_page=_PAGE) if is_locked(tag)}
        except ResourceNotFoundError:
            return ()
        named = [_named(one, locked) for one in listed]
    with ThreadPoolExecutor(PARALLEL, "contents") as pool:
        return tuple(pool.map(partial(_looked_at, client, repository), named))


def is_locked(found: Any) -> bool:
    """Whether a manifest or a tag, as the SDK knows it, keeps from being deleted: either attribute does.

    https://github.com/Azure/acr/issues/561
    """
    return found.can_delete is False or found.can_write is False


def remove_manifest(acr: Acr, repository: str, digest: Digest) -> bool:
    """Delete a manifest with its tags and with what names it as its subject. It is looked at again right before.

    Returns:
        False when it has a live tag by now, or was locked: then it stays.

    Raises:
        RegistryFailed: The registry refused.
    """
    image = f"{repository}@{digest}"
    with acr.asking(f"remove the old image `{acr.host}/{image}`", image, DELETERS) as sdk:
        try:
            found = sdk.get_manifest_properties(repository, digest)
        except ResourceNotFoundError:
            return True
        if is_live(found.tags or ()) or is_locked(found):
            return False
        sdk.delete_manifest(repository, digest)
    return True


def _named(listed: Any, locked: set[str]) -> Stored:
    """What the list says of a manifest.

    Raises:
        TypeError, ValueError, AttributeError: It says something else.
    """
    tags = tuple(map(str, listed.tags or ()))
    touched = max(listed.created_on, listed.last_updated_on or listed.created_on)
    keeps = is_locked(listed) or not locked.isdisjoint(tags)
    return Stored(parse_digest(listed.digest), listed.created_on, touched, tags, keeps)


def _looked_at(client: RegistryClient, repository: str, named: Stored) -> Stored:
    sort, needs, subject = _looked_into(client, Access(repository), named.digest)
    return replace(named, sort=sort, needs=needs, subject=subject)


def _looked_into(
    client: RegistryClient, access: Access, digest: Digest
) -> tuple[Sort, frozenset[Digest], Digest | None]:
    """What a manifest says of itself. One that is gone meanwhile, or that is not understood, is none of ours."""
    try:
        fetched = get_manifest(client, access, digest)
        manifest = parse_manifest(fetched.content, fetched.media_type)
    except ValueError:
        return Sort.OTHER, frozenset(), None
    except RegistryRefused as refused:
        if refused.status != 404:
            raise
        return Sort.OTHER, frozenset(), None
    if isinstance(manifest, Index):
        return Sort.OTHER, frozenset(one.digest for one in manifest.manifests), None
    return _sort_of(client, access, manifest), frozenset(), manifest.subject.digest if manifest.subject else None


def _sort_of(client: RegistryClient, access: Access, manifest: Manifest) -> Sort:
    if manifest.artifact_type == RECORD_TYPE:
        return Sort.RECORD
    if manifest.artifact_type or manifest.subject or manifest.config.size > LARGEST_CONFIG:
        return Sort.OTHER
    try:
        labels = parse_config(get_blob(client, access, manifest.config.digest, manifest.config.size)).labels
    except (RegistryFailed, ValueError):
        return Sort.OTHER
    return Sort.IMAGE if any(str(name).startswith(f"{OWN}.") for name in labels) else Sort.OTHER
