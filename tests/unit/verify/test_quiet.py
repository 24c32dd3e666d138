"""A trigger's listener is listened to before a run ends well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.verify import Reach, Reached
from support.fake_arm import Answer
from support.fake_live_app import EXPECTED, App
from support.host_log import CANNOT_START, DENIED, DOWN, EXECUTING, IN_VAIN, PASSING, STARTED, STARTS, stamped

if TYPE_CHECKING:
    from functions_model.verify import Expected, Verified

SECONDS = 20.0
LISTENS = replace(EXPECTED, reached=Reached(Reach.READY), listening_seconds=SECONDS, sample_function="check")
OFF_IN_A_SLOT = replace(LISTENS, listening_seconds=0.0)
NEW = replace(LISTENS, new_roles=("Azure Service Bus Data Receiver on requests",))
OFF = "2026-01-02T03:04:06.000Z INFO  - Logging is not enabled for this container.\n"


def app_with(*logs: str, **routes: list[Answer]) -> App:
    """Its log, look by look."""
    kept = [Answer(200, stamped(one).encode(), {"content-type": "application/octet-stream"}) for one in logs]
    return App({"POST iris/containerlogs": kept, **routes})


def word(proof: Verified) -> str:
    return proof.reached.word if proof.reached else ""


class TestAQuietListener:
    def test_takes_one_look_at_the_end_of_its_time(self) -> None:
        """What the proof itself took is spent already."""
        app = app_with(STARTED)

        proof = app.verify(LISTENS)

        assert ("quiet", SECONDS, 1) == (word(proof), app.clock.now, app.count("POST", "containerlogs"))
        assert (0.0, 1) == (proof.seconds, len(app.ci.lines))

    def test_needs_no_more_time_than_it_has_had(self) -> None:
        """The host runs while `init()` is waited for, and its listener with it."""
        busy = Answer(404)
        app = app_with(STARTED)
        app.routes["GET /api/swagger.json"] = [
            *[replace(busy)] * 15,
            Answer(200, {}, {"x-functions-model-build": "build-2"}),
        ]
        expected = replace(LISTENS, image="contoso.azurecr.io/package@sha256:two")

        proof = app.verify(expected)

        assert proof.seconds > SECONDS
        assert (word(proof), proof.seconds) == ("quiet", app.clock.now)

    def test_starts_anew_with_its_host(self) -> None:
        """A host that was gone meanwhile has not run all the time."""
        app = app_with(STARTED)
        app.routes["GET /"] = [Answer(200), *[Answer(503)] * 15, Answer(200)]
        app.routes["GET /api/swagger.json"] = [Answer(404), *app.routes["GET /api/swagger.json"]]
        expected = replace(LISTENS, image="contoso.azurecr.io/package@sha256:two")

        proof = app.verify(expected)

        assert proof.seconds + SECONDS == app.clock.now

    @pytest.mark.parametrize("log", [STARTED + IN_VAIN + EXECUTING, STARTED + CANNOT_START + STARTS])
    def test_may_have_failed_before(self, log: str) -> None:
        """A later success counts."""
        assert "quiet" == word(app_with(log).verify(LISTENS))

    def test_does_not_make_known_what_is_not(self) -> None:
        """Only what is ready can be quiet."""
        unknown = Reached(Reach.UNKNOWN, ("the roles (why)",))

        assert unknown == app_with(STARTED).verify(replace(LISTENS, reached=unknown)).reached

    @pytest.mark.parametrize("expected", [EXPECTED, OFF_IN_A_SLOT], ids=("http", "slot"))
    def test_is_not_asked_for_where_none_listens(self, expected: Expected) -> None:
        """No request, and no wait."""
        app = app_with(STARTED + IN_VAIN)
        app.verify(expected)

        assert (0, 0.0) == (app.count("POST", "containerlogs"), app.clock.now)


class TestAFailingListener:
    @pytest.mark.parametrize(
        ("failing", "cause"),
        [
            (IN_VAIN, "the queue `sb://iris.servicebus.windows.net/requests` does not exist"),
            (DENIED, "the app's identity lacks the claim `Listen` on the queue"),
            (PASSING, "the trigger's connection names no storage account or namespace that can be used"),
            (CANNOT_START, "the trigger may not use its storage account"),
            (DOWN, "the trigger may not use its storage account"),
        ],
    )
    def test_is_a_failure_with_its_cause(self, failing: str, cause: str) -> None:
        """And the log beside it."""
        failure = app_with(STARTED + failing, STARTED + failing * 2).failure(LISTENS)

        assert failure.reason.startswith(f"{cause} (its trigger does not work: ")
        assert "Host started" in failure.detail

    def test_is_one_as_well_where_not_all_could_be_looked_at(self) -> None:
        """As behind a private endpoint."""
        unknown = Reached(Reach.UNKNOWN, ("the network rules (why)",))

        failure = app_with(STARTED + IN_VAIN, STARTED + IN_VAIN * 2).failure(replace(LISTENS, reached=unknown))

        assert "does not exist" in failure.reason

    @pytest.mark.parametrize("failing", [PASSING, IN_VAIN * 9])
    def test_that_has_ended_is_none(self, failing: str) -> None:
        """A queue that was gone until this run made it again: the host has not started since."""
        app = app_with(STARTED + failing)

        assert ("quiet", 2 * SECONDS) == (word(app.verify(LISTENS)), app.clock.now)

    def test_that_begins_late_is_listened_to_as_well(self) -> None:
        """After the host had to be listened to once more."""
        logs = [STARTED + DOWN + STARTED + IN_VAIN * number for number in range(4)]

        assert "does not exist" in app_with(*logs).failure(LISTENS).reason

    def test_of_a_host_that_starts_again_and_again_is_told(self) -> None:
        """Just started, it has no failure since."""
        log = STARTED + (DOWN + STARTED) * 9
        logs = [STARTED + (DOWN + STARTED) * number for number in range(1, 9)]

        failure = app_with(*logs, log).failure(LISTENS)

        assert "its host starts again and again" in failure.reason
        assert failure.reason.startswith("the trigger may not use its storage account")

    def test_may_be_of_the_version_before(self) -> None:
        """Its container's log is kept; the host is listened to once more."""
        app = app_with(STARTED + DOWN + STARTED)

        assert ("quiet", 2 * SECONDS) == (word(app.verify(LISTENS)), app.clock.now)


class TestANewRole:
    """One that this run assigned, and that does not count yet."""

    def test_is_waited_for(self) -> None:
        """Until the failures end."""
        logs = [STARTED + DENIED * number for number in range(1, 9)]
        app = app_with(*logs, logs[-1])

        proof = app.verify(NEW)

        assert ("quiet", 9 * SECONDS) == (word(proof), app.clock.now)
        assert any("a role that this run assigned does not count yet" in line for line in app.ci.lines)

    def test_has_ten_minutes(self) -> None:
        """Then its failure is one."""
        app = app_with(*[STARTED + DENIED * number for number in range(1, 99)])

        failure = app.failure(NEW, timeout=20)

        assert "lacks the claim `Listen`" in failure.reason
        assert 600 < app.clock.now < 660

    def test_does_not_excuse_another_failure(self) -> None:
        """No role makes a queue."""
        app = app_with(STARTED + IN_VAIN, STARTED + IN_VAIN * 2)

        assert ("does not exist" in app.failure(NEW).reason, app.clock.now) == (True, 2 * SECONDS)


class TestALogThatDoesNotTell:
    """The run ends well, and says so."""

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (
                Answer(200, OFF.encode(), {"content-type": "text/plain"}),
                "the app's log is off; to turn it on: az webapp",
            ),
            (
                Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}),
                "the app's log cannot be read",
            ),
            (Answer(204), "the app's log is empty"),
            (Answer(200, b"x\n"), "the app's log does not say that the host has started"),
        ],
        ids=("off", "denied", "empty", "cut"),
    )
    def test_leaves_it_ready(self, answer: Answer, why: str) -> None:
        """With the reason."""
        answer = replace(answer, headers={"content-type": "application/octet-stream", **answer.headers})
        app = App({"POST iris/containerlogs": [answer]})
        reached = app.verify(LISTENS).reached

        assert (Reach.READY, True) == (reached and reached.word, why in (reached.unheard if reached else ""))
        assert app.clock.now <= SECONDS + 10
