"""Slow scripts: what is waited for is told, and what can never be answered is told as that."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from functions_model.core.spec import AuthLevel
from functions_model.verify.waiting import told_while
from support.fake_arm import Answer
from support.fake_live_app import BUILD, EXPECTED, IMAGE, App

TIMED_OUT = Answer(504, b"<html>Gateway Timeout</html>")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    file = tmp_path / "sample.json"
    file.write_text("{}")
    return file


class TestToldWhile:
    def test_tells_what_is_waited_for_now_and_then(self) -> None:
        """How long so far, how long at most, and what the input does not do."""
        lines: list[str] = []
        third = threading.Event()

        def report(line: str) -> None:
            lines.append(line)
            if len(lines) == 3:
                third.set()

        with told_while(report, "`init()` to return", 230.0, first=0.0, then=0.01):
            assert third.wait(10)

        assert lines[0] == (
            "Waiting for `init()` to return: 0 s so far, 230 s at most. `verify-timeout` does not cut a request short."
        )

    def test_says_nothing_of_what_is_quick(self) -> None:
        """And leaves no thread behind."""
        lines: list[str] = []
        before = threading.active_count()

        with told_while(lines.append, "it", 230.0):
            pass

        assert ([], before) == (lines, threading.active_count())


class TestASlowRun:
    def test_that_nobody_can_wait_for(self, sample: Path) -> None:
        """App Service gives the request up after 230 s: no setting, and no `verify-timeout`, changes that."""
        app = App({"POST /api/score": [TIMED_OUT]}, takes={"POST /api/score": 230.0})

        failure = app.failure(replace(EXPECTED, sample_request=sample), timeout=600)

        assert (
            failure.reason
            == "`run()` did not answer `sample.json` within 230 s, and App Service gives a request up then"
        )
        assert "No setting changes that" in failure.remedy
        assert 1 == app.count("POST", "/api/score")

    def test_behind_a_trigger(self, sample: Path) -> None:
        """The trigger itself has more time than the door by which the sample is scored."""
        expected = replace(
            EXPECTED, sample_request=sample, sample_function="check", auth_level=AuthLevel.ADMIN, functions=("check",)
        )
        identity = [Answer(200, {"build_id": "build-2", "trigger": "blob"})]
        app = App({"POST /api/check": [TIMED_OUT], "GET /api/identity": identity}, takes={"POST /api/check": 230.0})

        assert "the trigger has the `functionTimeout` of `host-json`" in app.failure(expected, timeout=600).remedy

    def test_that_is_only_slow(self, sample: Path) -> None:
        """It may take longer than the app has to come alive."""
        app = App(takes={"POST /api/score": 197.0})

        assert app.verify(replace(EXPECTED, sample_request=sample), timeout=60).scored

    def test_an_early_fault_is_none_of_time(self, sample: Path) -> None:
        """What the front end says at once has another reason."""
        app = App({"POST /api/score": [Answer(502, b"Bad Gateway")]}, takes={"POST /api/score": 3.0})

        failure = app.failure(replace(EXPECTED, sample_request=sample), timeout=60)

        assert "answered `sample.json` with the status 502" in failure.reason


class TestASlowInit:
    DOOR = "GET /api/swagger.json"

    def test_goes_on_after_the_request_was_given_up(self) -> None:
        """It is asked for again until the time is over; the reason says what is waited for."""
        app = App({self.DOOR: [TIMED_OUT, TIMED_OUT, Answer(200, {}, BUILD)]}, takes={self.DOOR: 230.0})

        proof = app.verify(replace(EXPECTED, image=IMAGE), timeout=600)

        assert 690 < proof.seconds < 700
        assert any("`init()` has not returned within 230 s, and goes on" in line for line in app.ci.lines)
