"""What the host's log says of listeners, from logs as they are written."""

from __future__ import annotations

import pytest

from functions_model.verify.listener_log import ListenerState, entries, has_started, listener_state
from support.host_log import (
    CANNOT_START,
    DENIED,
    DOWN,
    EXECUTING,
    IN_VAIN,
    PASSING,
    RECEIVE,
    SERVICE_BUS,
    STARTED,
    STARTS,
    entry,
    stamped,
    startup,
)

OURS = ("score",)
PULLED = "2026-01-02T03:04:05.678Z INFO  - Pulling image: contoso.azurecr.io/package@sha256:two\n"


def heard(log: str) -> ListenerState:
    """Of our functions; the same where each line has its time."""
    plain = listener_state(log, OURS)
    assert plain == listener_state(stamped(log), OURS)
    return plain


class TestAFailure:
    @pytest.mark.parametrize(
        ("failing", "words", "lasting"),
        [
            (IN_VAIN, "could not be found. TrackingId:1 (MessagingEntityNotFound)", False),
            (DENIED, "'Listen' claim(s) are required", False),
            (PASSING, "ErrorCode: HostNotFound", False),
            (CANNOT_START, "ErrorCode: AuthorizationPermissionMismatch", True),
            (DOWN, "ErrorCode: AuthorizationPermissionMismatch", True),
        ],
    )
    def test_counts_since_the_host_started(self, failing: str, words: str, *, lasting: bool) -> None:
        """What its lines say is put on one, without the stack trace."""
        found = heard(PULLED + STARTED + failing)

        assert (1, lasting) == (found.failures, found.lasting)
        assert words in found.failure
        assert [False, False] == ["\n" in found.failure, " at " in found.failure]

    @pytest.mark.parametrize("failing", [IN_VAIN, DENIED, PASSING, CANNOT_START, DOWN])
    def test_before_that_does_not(self, failing: str) -> None:
        """It was of the start before, or overcome."""
        assert (2, 0) == (heard(STARTED + failing + STARTED).starts, heard(STARTED + failing + STARTED).failures)

    def test_of_the_whole_host_is_kept_as_the_reason_of_its_next_start(self) -> None:
        """Only where it went down last."""
        assert "Host is shutting down" in heard(STARTED + DOWN + STARTED).crash
        assert [""] * 2 == [
            heard(log).crash for log in (STARTED + DOWN + STARTED + STARTED, STARTED + IN_VAIN + STARTED)
        ]

    def test_is_over_with_a_success(self) -> None:
        """The listener starts after all, or its function is called."""
        logs = (STARTED + CANNOT_START + STARTS, STARTED + IN_VAIN + EXECUTING)

        assert [0, 0] == [heard(log).failures for log in logs]

    def test_is_not_over_when_another_function_is_called(self) -> None:
        """As the door that loads the model is, beside a trigger that fails."""
        assert 1 == heard(STARTED + IN_VAIN + EXECUTING.replace("score", "check")).failures

    def test_after_a_success_counts_again(self) -> None:
        """The last one is told."""
        found = heard(STARTED + IN_VAIN + EXECUTING + DENIED)

        assert (1, True) == (found.failures, "'Listen' claim" in found.failure)

    @pytest.mark.parametrize(
        "other",
        [
            CANNOT_START.replace("Functions.score", "Functions.other"),
            entry("fail", "Function.other", RECEIVE),
            entry("fail", SERVICE_BUS, RECEIVE.replace("Receive", "ProcessMessageCallback")),
            entry("info", "Host.Function.Console", RECEIVE),
            entry("fail", "Function.score.User", "An unhandled exception has occurred. Host is shutting down."),
            f"{RECEIVE}\n",
        ],
        ids=("another function", "its category", "one message", "printed", "logged by the script", "no entry"),
    )
    def test_of_something_else_does_not_count(self, other: str) -> None:
        """Another function's listener, a message that was received, and whatever a script writes."""
        assert 0 == heard(STARTED + other).failures

    def test_by_a_listener_that_tells_its_function(self) -> None:
        """Newer versions of the extension write into the function's own category."""
        assert 1 == heard(STARTED + entry("fail", "Function.score", RECEIVE)).failures


class TestALog:
    @pytest.mark.parametrize("log", ["", PULLED, IN_VAIN, IN_VAIN.split("\n", 1)[1], "Host started (1ms)\n"])
    def test_without_a_start_says_nothing(self, log: str) -> None:
        """It is cut, or the host has not started yet."""
        assert 0 == heard(log).starts

    def test_that_a_script_writes_into_is_read_all_the_same(self) -> None:
        """Its words are no entries."""
        log = STARTED + startup("Job host started") + "loading weights\n      indented\n" + IN_VAIN

        assert (1, 1) == (heard(log).starts, heard(log).failures)

    def test_with_colours_is_read(self) -> None:
        """.NET's console has them where it takes its output for a terminal."""
        log = STARTED + IN_VAIN.replace("fail:", "\x1b[41m\x1b[30mfail\x1b[39m\x1b[22m\x1b[49m:")

        assert 1 == heard(log).failures

    def test_has_entries_of_many_lines(self) -> None:
        """An empty line is part of an exception; a line of the platform ends it."""
        found = list(entries(DOWN + PULLED + "      not a part of it\n" + STARTED))

        assert [6, 1] == [len(one.text.splitlines()) for one in found]


class TestHasStarted:
    def test_by_its_last_word(self) -> None:
        """Of this function; a listener that starts at once says nothing."""
        logs = (CANNOT_START, CANNOT_START + STARTS, CANNOT_START + STARTS + CANNOT_START, STARTED)

        assert [False, True, False, None] == [has_started(stamped(log), "score") for log in logs]
        assert has_started(CANNOT_START, "other") is None
