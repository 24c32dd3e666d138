"""What the start of the app took, and of the version before, and the memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from functions_model.verify.noted import Times, noted_of
from functions_model.verify.sources import Sources
from support.fake_arm import Answer
from support.fake_live_app import BUILD, EXPECTED, MASTER, App

SOURCED = replace(EXPECTED, sources=Sources(Path()))
SECONDS = {"start": 3.1, "import": 2.4, "init": 0.7, "first_answer": 0.012}
TIMES = Times(3.1, 2.4, 0.7, 0.012, 412, 600)
OLD = {"x-functions-model-build": "build-1"}


def answer(times: object, build: dict[str, str] = BUILD) -> Answer:
    """What `check` tells."""
    return Answer(200, {"failure": None, "warnings": [], "times": times}, build)


TOLD = answer({"seconds": SECONDS, "peak_mib": 412, "container_mib": 600})


class TestThisBuild:
    def test_is_asked_with_the_master_key(self) -> None:
        """Once, by the question for its warnings, after all that counts."""
        app = App({"GET /api/check": [TOLD]})
        verified = app.verify(SOURCED, memory_gib=3.5)

        assert (TIMES, 3.5, "") == (verified.times, verified.memory_gib, verified.short_of_memory)
        [asked] = app.asked_at("/api/check")
        assert MASTER == asked.headers["x-functions-key"]
        assert app.asked[-1] is asked

    @pytest.mark.parametrize("told", [None, answer(None), Answer(200, {"failure": None}, BUILD), answer([1])])
    def test_may_tell_none(self, told: Answer | None) -> None:
        """An older one, or a process that has not started."""
        verified = App({"GET /api/check": [told]} if told else {}).verify(SOURCED, memory_gib=3.5)

        assert (None, None, "") == (verified.times, verified.times_before, verified.short_of_memory)

    def test_memory_that_is_nearly_used_up_is_told(self) -> None:
        """With what helps on this host."""
        app = App({"GET /api/check": [answer({"seconds": SECONDS, "peak_mib": 3000})]})

        assert (
            "The app has held 3000 MiB at once, 84 % of the 3.5 GiB of an instance. A larger request, or one more"
            " at a time, may end it. Set `plan-sku` to a larger size."
            == app.verify(SOURCED, memory_gib=3.5).short_of_memory
        )
        assert not app.verify(SOURCED).short_of_memory
        assert app.verify(SOURCED, memory_gib=3.6).short_of_memory
        assert not app.verify(SOURCED, memory_gib=7.0).short_of_memory

    def test_memory_that_there_is_may_be_its_own_word(self) -> None:
        """The size of a plan that carries the app is not asked for."""
        app = App({"GET /api/check": [answer({"seconds": SECONDS, "peak_mib": 3000, "there_mib": 3584})]})
        verified = app.verify(SOURCED)

        assert (3.5, True) == (verified.memory_gib, "84 % of the 3.5 GiB" in verified.short_of_memory)


class TestTheBuildBefore:
    def test_is_asked_while_it_answers(self) -> None:
        """With keys that are known by then, and with no word to Azure more than without it."""
        identity = [Answer(200, {"build_id": "build-1"})] * 4
        new = Answer(200, {"build_id": "build-2", "trigger": "http"})
        before = answer({"seconds": {"start": 2.8}}, OLD)
        app = App({"GET /api/identity": [*identity, new], "GET /api/check": [before, TOLD]})
        verified = app.verify(SOURCED)

        assert (TIMES, Times(2.8)) == (verified.times, verified.times_before)
        assert 2 == len(app.asked_at("/api/check"))
        assert 1 == app.count("POST", "default/listkeys")

    @pytest.mark.parametrize("told", [TOLD, Answer(404), Answer(200, b"Healthy", OLD), Answer(200, {"times": {}})])
    def test_may_tell_none(self, told: Answer) -> None:
        """Older ones do not, and times of this build are none of the one before."""
        identity = [Answer(200, {"build_id": "build-1"})] * 2
        new = Answer(200, {"build_id": "build-2", "trigger": "http"})
        app = App({"GET /api/identity": [*identity, new], "GET /api/check": [told, TOLD]})
        verified = app.verify(SOURCED)

        assert (TIMES, None) == (verified.times, verified.times_before)


@pytest.mark.parametrize("odd", [-1, True, "3", float("inf"), float("nan"), None, [], 1e12])
def test_numbers_that_cannot_be_are_none(odd: object) -> None:
    """Whatever an app tells."""
    assert noted_of({"times": {"seconds": {"start": odd}}}).times is None
    assert Times(1.0) == noted_of({"times": {"seconds": {"start": 1, "init": odd}, "peak_mib": odd}}).times
