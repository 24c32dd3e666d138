"""How much is known of what was verified, in the same words everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.pipeline.events import AppVerified
from functions_model.report.narration import narrate
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from functions_model.verify import Reach, Reached, Verified
from functions_model.verify.noted import Times
from support.ci import RecordingCi
from support.events import NOW
from support.wanted import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator

LIVE = Verified(("score",), "https://i/api/score", "[1]", 1, 2.0, "https://i", "4.1", scored=True)
UNSCORED = replace(LIVE, answer="", scored=False)
UNPROVEN = replace(UNSCORED, unproven="the app does not let this machine in")
NOTHING = "`init()` has run in the app; nothing was scored, as there is no `sample-request`."
READY = replace(LIVE, functions=("check", "identity", "score"), reached=Reached(Reach.READY))
NOT_SEEN = "`init()` could not be seen to run, as the app does not let this machine in. Nothing was scored."


@pytest.fixture
def ci() -> RecordingCi:
    return RecordingCi()


def told(ci: RecordingCi, *events: AppVerified) -> RecordingCi:
    """The CI host, after these."""
    tell = narrate(ci, now=lambda: NOW)
    for event in events:
        tell(event)
    return ci


def shown(event: AppVerified) -> Iterator[str]:
    """The page, and the output."""
    yield summary(spec_for(), [event], None, 2.0, now=NOW)
    yield outputs(spec_for(), [event])["state"]


class TestAnAppThatScored:
    def test_is_live(self, ci: RecordingCi) -> None:
        """There is no more to say."""
        page, state = shown(AppVerified(LIVE))

        assert (["Live after 2.0 s"], []) == (
            [line.partition(":")[0] for line in told(ci, AppVerified(LIVE)).lines],
            ci.annotations,
        )
        assert ("live", True, False) == (state, "`iris` is live" in page, "[!" in page)


class TestAnAppThatScoredNothing:
    def test_is_live_and_says_so(self, ci: RecordingCi) -> None:
        """In the log, beside it, and on the page."""
        page, state = shown(AppVerified(UNSCORED))

        assert [NOTHING] == told(ci, AppVerified(UNSCORED)).annotations
        assert ("live", True) == (state, f"> [!NOTE]\n> {NOTHING}" in page)

    def test_says_it_once(self, ci: RecordingCi) -> None:
        """A slot that is swapped is verified twice."""
        assert [NOTHING] == told(ci, AppVerified(UNSCORED, "staging"), AppVerified(UNSCORED)).annotations


class TestAnAppThatNobodySees:
    def test_is_never_called_live(self, ci: RecordingCi) -> None:
        """One word for it in the log, beside it, on the page and in the output."""
        page, state = shown(AppVerified(UNPROVEN))

        assert [f"The app is unproven, not live: {NOT_SEEN}"] == told(ci, AppVerified(UNPROVEN)).annotations
        assert "Unproven after 2.0 s: https://i, functions score." in ci.lines[0]
        assert ("unproven", True, False) == (state, "`iris` is unproven (2.0 s)" in page, "is live" in page)
        assert f"> [!WARNING]\n> The app is unproven, not live: {NOT_SEEN}" in page

    def test_may_be_a_slot(self, ci: RecordingCi) -> None:
        """Which is named."""
        event = AppVerified(UNPROVEN, "staging")

        assert [f"The slot `staging` is unproven, not live: {NOT_SEEN}"] == told(ci, event).annotations
        assert "is unproven in the slot `staging`" in next(shown(event))


class TestATrigger:
    """A blob or queue trigger: how far it has come."""

    def test_is_told_everywhere(self, ci: RecordingCi) -> None:
        """In the log, on the page, and in an output."""
        event = AppVerified(READY)

        line = told(ci, event).lines[0].splitlines()[-1]

        assert line.startswith("The trigger is ready: what it listens to is there")
        assert line in summary(spec_for(), [event], None, 2.0, now=NOW)
        assert "ready" == outputs(spec_for(), [event])["trigger-state"]

    def test_names_what_could_not_be_looked_at(self, ci: RecordingCi) -> None:
        """Which is no failure."""
        reached = Reached(Reach.UNKNOWN, ("the roles (no right to read them)", "the network rules (why)"))

        line = told(ci, AppVerified(replace(READY, reached=reached))).lines[0]

        assert "The trigger is unknown: " in line
        assert line.endswith("Not looked at: the roles (no right to read them); the network rules (why).")
        assert ci.annotations == []

    def test_is_told_to_be_quiet(self, ci: RecordingCi) -> None:
        """Everywhere, and beside the log only when it is not."""
        event = AppVerified(replace(READY, reached=Reached(Reach.QUIET)))

        line = told(ci, event).lines[0].splitlines()[-1]

        assert line.startswith("The trigger is quiet: since its host started, its listener has reported no failure")
        assert ([], "quiet") == (ci.annotations, outputs(spec_for(), [event])["trigger-state"])

    def test_that_could_not_be_heard_is_told_everywhere(self, ci: RecordingCi) -> None:
        """In the log, beside it, and on the page, with the reason."""
        event = AppVerified(replace(READY, reached=Reached(Reach.READY, unheard="the container log is off")))

        [annotation] = told(ci, event).annotations
        page = summary(spec_for(), [event], None, 2.0, now=NOW)

        said = "whether its listener fails could not be heard: the container log is off."
        assert f"The trigger is ready, not quiet: {said}" == annotation
        assert [True, True] == [said in text.lower() for text in (ci.lines[0], page)]
        assert f"> {annotation}" in page

    def test_is_off_in_a_slot(self, ci: RecordingCi) -> None:
        """It is said so."""
        line = told(ci, AppVerified(READY, "staging")).lines[0]

        assert line.endswith("In the slot it is off, and listens after a swap.")

    def test_is_none_with_http(self, ci: RecordingCi) -> None:
        """Nothing is said, and there is no output."""
        assert "trigger" not in told(ci, AppVerified(LIVE)).lines[0]
        assert "trigger-state" not in outputs(spec_for(), [AppVerified(LIVE)])


class TestTimes:
    TIMED = replace(LIVE, times=Times(3.14, 2.4, 0.7, 0.0124, 412, 300), memory_gib=3.5)

    def test_are_one_line(self, ci: RecordingCi) -> None:
        """Of the log and of the page."""
        line = "Started in 3.1 s (import 2.4 s, `init()` 700 ms), first answer 12 ms, 412 MiB of 3.5 GiB."

        assert line == told(ci, AppVerified(self.TIMED)).lines[-1].splitlines()[-1]
        assert line in next(shown(AppVerified(self.TIMED)))

    def test_of_the_version_before_stand_beside(self, ci: RecordingCi) -> None:
        """As far as both have told them."""
        verified = replace(self.TIMED, times=Times(3.0), times_before=Times(120.0, init=119.8, first_answer=1.5))

        assert (
            "Started in 3.0 s. The version before: 2 min 0 s (`init()` 2 min 0 s), first answer 1.5 s."
            == told(ci, AppVerified(verified)).lines[-1].splitlines()[-1]
        )

    def test_little_memory_is_a_warning(self, ci: RecordingCi) -> None:
        """Once, beside the log."""
        event = AppVerified(replace(self.TIMED, short_of_memory="The app has held 3000 MiB."))

        assert ["The app has held 3000 MiB."] == told(ci, event, event).annotations
        assert "> [!WARNING]\n> The app has held 3000 MiB." in next(shown(event))
