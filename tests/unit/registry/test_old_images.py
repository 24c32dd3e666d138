"""Which manifests of a repository go, and which stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions_model.core.references import Digest, digest_of
from functions_model.registry.contents import Sort, Stored
from functions_model.registry.old_images import old_images

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def digest(name: str) -> Digest:
    return digest_of(name.encode())


def image(name: str, days: float, *tags: str, **more: Any) -> Stored:
    """One of ours, pushed so many days ago."""
    then = NOW - timedelta(days=days)
    return Stored(digest(name), then, then, tags, **{"sort": Sort.IMAGE, **more})


FIVE = tuple(image(f"v{number}", 10 - number, f"{number}") for number in range(1, 6))
"""The oldest first."""


def gone(*contents: Stored, keep: int = 2, needed: tuple[Digest, ...] = ()) -> list[str]:
    """What goes, by the names that the tests gave."""
    names = {digest(name): name for name in ("new", "bill", "index", "record", "theirs", *(f"v{n}" for n in range(9)))}
    return [names[one.digest] for one in old_images(contents, keep, needed, NOW)]


class TestWhatGoes:
    def test_images_beyond_the_newest_the_oldest_first(self) -> None:
        """Whatever order the registry lists them in."""
        assert ["v1", "v2", "v3"] == gone(*reversed(FIVE))

    def test_the_image_that_is_about_to_be_live_is_one_of_the_newest(self) -> None:
        """It is not in the registry yet when the plan is made."""
        assert ["v1", "v2", "v3", "v4"] == gone(*FIVE, needed=(digest("new"),))

    def test_one_that_is_there_is_counted_once(self) -> None:
        """A deployment of the newest again; and one that goes back to an old one keeps it beside the newest."""
        assert ["v1", "v2", "v3"] == gone(*FIVE, needed=(digest("v5"),))
        assert ["v2", "v3"] == gone(*FIVE, needed=(digest("v1"),))

    def test_a_record_that_no_tag_names(self) -> None:
        """It holds layers that a newer one does not need; the one with the tag is in use."""
        old, used = image("record", 3, sort=Sort.RECORD), image("v8", 3, "functions-model-cache", sort=Sort.RECORD)

        assert ["record"] == gone(old, used)

    @pytest.mark.parametrize("keep", [5, 6, 100])
    def test_nothing_of_few(self, keep: int) -> None:
        """Also in a repository that is not there."""
        assert [[], []] == [gone(*FIVE, keep=keep), gone(keep=keep)]


class TestWhatStays:
    @pytest.mark.parametrize(
        "kept",
        [
            image("v1", 9, "live-0123456789ab"),
            image("v1", 9, "1", locked=True),
            image("v1", 0.9, "1"),
            image("v1", 9, sort=Sort.OTHER),
        ],
        ids=["live", "locked", "young", "not ours"],
    )
    def test_an_old_one_that_is(self, kept: Stored) -> None:
        """None of them is removed however many are newer."""
        newer = [image(f"v{number}", 0.1) for number in (6, 7)]

        assert [] == gone(kept, *newer)

    def test_one_that_was_touched_of_late(self) -> None:
        """Somebody has moved a tag onto it."""
        old = image("v1", 9)
        kept = Stored(old.digest, old.created, NOW, (), sort=Sort.IMAGE)

        assert [] == gone(kept, *FIVE[3:])

    def test_what_runs_without_a_live_tag(self) -> None:
        """An app that an earlier version of this tool has deployed."""
        assert ["v2", "v3", "v4"] == gone(*FIVE, needed=(digest("new"), digest("v1")))

    def test_what_an_index_is_made_of(self) -> None:
        """The index is somebody's own."""
        index = image("index", 20, "all", sort=Sort.OTHER, needs=frozenset({digest("v1")}))

        assert ["v2", "v3"] == gone(index, *FIVE)

    def test_what_something_locked_would_go_with(self) -> None:
        """A signature that somebody has locked: the registry would refuse."""
        bill = image("bill", 8, sort=Sort.OTHER, locked=True, subject=digest("v2"))

        assert ["v1", "v3"] == gone(bill, *FIVE)

    def test_others_are_not_counted(self) -> None:
        """What this tool has not made is no reason to remove what it has."""
        theirs = [image("theirs", 1.5, "x", sort=Sort.OTHER), image("bill", 1.5, sort=Sort.OTHER)]

        assert ["v1", "v2", "v3"] == gone(*theirs, *FIVE)
