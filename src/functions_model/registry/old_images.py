"""Which manifests of a repository nothing needs any more. Pure: no request is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from functions_model.core.references import Digest
from functions_model.registry.contents import Sort, Stored

YOUNG = timedelta(days=1)
"""A run that is under way may need what is younger: another app may be about to get it."""


def old_images(contents: Sequence[Stored], keep: int, needed: Sequence[Digest], now: datetime) -> list[Stored]:
    """Images of ours beyond the newest, and records that no tag names any more; the oldest first.

    What stays: images with a live tag, whatever is young, locked or has something locked to go with it, and what an
    index is made of. What this tool has not made stays, and is not counted.

    Args:
        contents: All of the repository.
        keep: How many images stay for being new.
        needed: Digests that stay whatever their age: the first is about to be live, and is the newest if it is not
            there yet.
        now: The time.
    """
    indexed = frozenset().union(*(one.needs for one in contents))
    locked = {one.subject for one in contents if one.locked}
    stays = {*needed, *indexed, *locked, *_newest(contents, keep, needed)}
    gone = [one for one in _candidates(contents) if one.digest not in stays and not one.locked]
    return sorted((one for one in gone if now - one.touched > YOUNG), key=lambda one: (one.created, one.digest))


def _newest(contents: Sequence[Stored], keep: int, needed: Sequence[Digest]) -> list[Digest]:
    images = sorted((one for one in contents if one.sort is Sort.IMAGE), key=lambda one: (one.created, one.digest))
    there = {one.digest for one in contents}
    new = next(iter(needed), None)
    count = keep if new is None or new in there else keep - 1
    return [one.digest for one in images[len(images) - min(count, len(images)) :]]


def _candidates(contents: Sequence[Stored]) -> Iterator[Stored]:
    for one in contents:
        if (one.sort is Sort.IMAGE and not one.is_live) or (one.sort is Sort.RECORD and not one.tags):
            yield one
