"""Two runs to one app at the same time, interleaved at each request of the app: it is never left half of each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support.rivals import (
    BACK,
    GONE,
    INCOMPLETE,
    LIVE,
    OVERTAKEN,
    REFUSED,
    WRITES,
    Ended,
    Remover,
    Rival,
    each,
    state,
    stopped,
)
from support.sandbox_login import Azure, logged_in, logged_in_to
from support.slots import SWAPPED, make_as_new
from support.wanted import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.exhaustive

BEFORE, FIRST, SECOND = Rival("a"), Rival("b"), Rival("c")
SWAPS, ALSO_SWAPS = Rival("b", SWAPPED), Rival("c", SWAPPED)
IMAGE_ALONE = Rival("b", owner="a")
"""All that it changes is the image."""
OTHER_TRIGGER = Rival("c", {"trigger": QUEUE})
TORN, SWAPS_TORN = Rival("b", works=False), Rival("b", SWAPPED, works=False)
"""They are put back."""
VERSION = {"PATCH web", "PUT iris", "POST slotsswap"}
"""Writes of image and settings."""
TAGS = "PATCH iris"
DEPLOYMENTS = {
    "in-place": (FIRST, SECOND),
    "an-image-alone": (IMAGE_ALONE, SECOND),
    "another-trigger": (FIRST, OTHER_TRIGGER),
    "over-another-trigger": (OTHER_TRIGGER, FIRST),
    "swaps": (SWAPS, ALSO_SWAPS),
    "a-swap-beside-in-place": (SWAPS, SECOND),
    "in-place-beside-a-swap": (FIRST, ALSO_SWAPS),
    "put-back": (TORN, SECOND),
    "swapped-back": (SWAPS_TORN, ALSO_SWAPS),
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("rivals")) as one:
        yield one


@pytest.fixture(scope="module")
def other(azure: Azure) -> Iterator[Azure]:
    """A second login to the same sandbox, with connections of its own."""
    with logged_in_to(azure.sandbox) as one:
        yield one


def before(azure: Azure) -> None:
    """The app, as new, with the version before."""
    make_as_new(azure)
    BEFORE.run(azure)


class Judge:
    """Says of what an app is, whose it is.

    Args:
        azure: The sandbox.
        rivals: Whose versions it may run.
        new: Makes the app as it was before.
    """

    def __init__(self, azure: Azure, rivals: tuple[Rival, ...], new: Callable[[], object]) -> None:
        self.alone: dict[str, dict[str, Any]] = {}
        for one in rivals:
            new()
            replace(one, works=True).run(azure)
            self.alone[one.digit] = state(azure)

    def half(self, ended: Ended) -> dict[str, Any]:
        """What of the app is not as a run alone would have left it that has its image."""
        expected = self.alone[ended.now["image"]]
        return {name: (value, expected[name]) for name, value in ended.now.items() if value != expected[name]}


def told(ended: Ended, rivals: tuple[Rival, Rival]) -> bool:
    """Whether both have said what is so."""
    image, (first, second) = ended.now.get("image"), (one.digit for one in rivals)
    endings = {
        LIVE: image == first,
        BACK: image in {BEFORE.digit, second},
        OVERTAKEN: image == second,
        REFUSED: image == second,
    }
    return ended.second == LIVE and endings[ended.first.partition(":")[0]]


def known(ended: Ended, version_at: int) -> set[str]:
    """What a write in flight may leave: tags that come after the version, which nobody can write on a condition."""
    number, _, at = ended.at.partition(" ")
    return {"tags"} if at == TAGS and int(number) > version_at else set()


def judged(
    azure: Azure, other: Azure, rivals: tuple[Rival, Rival], new: Callable[[], object], **where: Any
) -> list[str]:
    """Every stop after which the app is half of each, or one of the two has said what is not so."""
    judge = Judge(azure, (*rivals, BEFORE), new)
    ends = list(each(azure, other, rivals, new, **where))
    numbers = (one.at.partition(" ") for one in ends)
    first = next(int(number) for number, _, at in numbers if at in VERSION)
    assert len(ends) > 5
    return [str(one) for one in ends if judge.half(one).keys() - known(one, first) or not told(one, rivals)]


class TestTwoDeployments:
    """One is stopped at a request of its, be it on its way already, while the other goes through whole."""

    @pytest.mark.parametrize(
        ("rivals", "at"),
        [((FIRST, SECOND), TAGS), ((FIRST, SECOND), "PATCH web"), ((SWAPS, ALSO_SWAPS), "POST slotsswap")],
        ids=["tags", "version", "swap"],
    )
    def test_leave_one_of_the_two(self, azure: Azure, other: Azure, rivals: tuple[Rival, Rival], at: str) -> None:
        """The last version wins, with all that belongs to it; a swap that took somebody else's away is taken back."""
        before(azure)
        method, _, path = at.partition(" ")
        ended = stopped(azure, other, *rivals, replace(WRITES, method=method, path_pattern=f"/{path}$"))
        assert ended is not None
        winner, first = (rivals[1], OVERTAKEN) if path == "slotsswap" else (rivals[0], LIVE)
        before(azure)
        winner.run(azure)

        assert state(azure) == ended.now
        assert (first, LIVE) == (ended.first, ended.second)

    @pytest.mark.timeout(1200)
    @pytest.mark.parametrize("rivals", DEPLOYMENTS.values(), ids=DEPLOYMENTS)
    def test_never_leave_half_of_each(self, azure: Azure, other: Azure, rivals: tuple[Rival, Rival]) -> None:
        """At writes, and looks between them; all is as if whoever's image it is had been alone, and both say so."""
        assert [] == judged(azure, other, rivals, partial(before, azure))

    @pytest.mark.timeout(1200)
    def test_that_are_both_the_first_make_one_app(self, azure: Azure, other: Azure) -> None:
        """At every single write, of whatever resource."""
        assert [] == judged(azure, other, (FIRST, SECOND), partial(make_as_new, azure), where=WRITES)


class TestANameThatTheOtherHasTaken:
    """Since a first deployment looked whether its app was there."""

    def test_is_told_as_that(self, azure: Azure, other: Azure) -> None:
        """Nobody else in the world has it: to run again is all that there is to do."""
        make_as_new(azure)
        where = replace(WRITES, method="POST", path_pattern="Microsoft.Web/checkNameAvailability$")
        ended = stopped(azure, other, FIRST, SECOND, where)

        assert ended is not None
        assert (LIVE, SECOND.digit) == (ended.second, ended.now["image"])
        assert "another run has created it since. Run again when that run has ended." in ended.first


SENTENCES = (*(f"{INCOMPLETE}: Could not {verb} the " for verb in ("create", "update", "remove")), f"{REFUSED}: ")


class TestARemoval:
    """Beside a deployment, or another removal: each ends with a sentence that is so."""

    @pytest.mark.timeout(1200)
    @pytest.mark.parametrize(
        "rivals",
        [(FIRST, Remover()), (Remover(), SECOND), (Remover(), Remover())],
        ids=["beside-a-deployment", "with-a-deployment-beside", "beside-a-removal"],
    )
    def test_ends(self, azure: Azure, other: Azure, rivals: tuple[Any, Any]) -> None:
        """At requests of the app, and writes of other resources."""
        where = replace(WRITES, method="*", path_pattern="/sites/iris|/iris-(plan|identity|rg)$|/irisstorage$")
        ends = list(each(azure, other, rivals, partial(before, azure), where))

        assert len(ends) > 5
        words = [word for one in ends for word in (one.first, one.second)]
        assert [] == [one for one in words if one not in {LIVE, OVERTAKEN, GONE} and not one.startswith(SENTENCES)]
        assert [] == [one for one in ends if one.first == LIVE and one.now.get("image") != FIRST.digit]

    def test_ends_a_deployment_as_overtaken(self, azure: Azure, other: Azure) -> None:
        """Its app was removed while it was verified."""
        before(azure)
        where = replace(WRITES, method="GET", path_pattern="/sites/iris/config/web$", passes=2)
        ended = stopped(azure, other, FIRST, Remover(), where)

        assert ended is not None
        assert (OVERTAKEN, GONE, {}) == (ended.first, ended.second, ended.now)
