"""A function that its host calls in error, and for how long that counts."""

from __future__ import annotations

from support.fake_arm import Answer
from support.fake_live_app import App
from support.host_log import CANNOT_START, STARTED, STARTS


def log(*entries: str) -> Answer:
    """The container log."""
    return Answer(200, "".join(entries).encode(), {"content-type": "application/octet-stream"})


class TestAFunctionWithErrors:
    LISTENER = (
        "The listener for function 'Functions.score' was unable to start. Azure.Messaging.ServiceBus: Unauthorized "
        "access. 'Listen' claim(s) are required to perform this operation.\n   at Azure.Amqp()"
    )

    BROKEN = Answer(200, {"errors": [LISTENER]})
    AFTER_ALL = (CANNOT_START, STARTED, STARTS)

    def test_keeps_the_app_from_being_live_until_it_starts(self) -> None:
        """The host runs although a trigger cannot listen yet: its role may take a while to count."""
        broken = Answer(200, {"errors": [self.LISTENER]})
        app = App({"GET /admin/functions/score/status": [broken, broken, Answer(200, {"errors": []})]})

        proof = app.verify()

        assert 3 == proof.attempts
        assert "the host cannot start `score`: The listener for function" in app.ci.lines[0]

    def test_is_named_when_the_time_is_over(self) -> None:
        """The last error is the reason, with its cause and what to do."""
        failure = App({"GET /admin/functions/score/status": [Answer(200, {"errors": [self.LISTENER]})]}).failure()

        assert "the app's identity lacks the claim `Listen` on the queue" in failure.reason
        assert "the host cannot start `score`" in failure.reason
        assert "Azure Service Bus Data Receiver" in failure.remedy

    def test_stays_after_its_listener_has_started(self) -> None:
        """The host keeps it until it restarts; the log tells."""
        app = App(
            {"GET /admin/functions/score/status": [self.BROKEN], "POST iris/containerlogs": [log(*self.AFTER_ALL)]}
        )

        assert (2, 0) == (app.verify().attempts, app.count("POST", "/admin/host/restart"))

    def test_of_another_kind_stays_an_error(self) -> None:
        """A function that cannot be loaded, though its listener has started."""
        both = Answer(200, {"errors": [self.LISTENER, "its module cannot be imported"]})
        app = App({"GET /admin/functions/score/status": [both], "POST iris/containerlogs": [log(*self.AFTER_ALL)]})

        assert "cannot start `score`: its module cannot be imported" in app.failure().reason

    def test_is_cleared_by_one_restart(self) -> None:
        """Where no log tells, after the time is over."""
        app = App({"GET /admin/functions/score/status": [self.BROKEN]})
        app.clears("POST /admin/host/restart", "GET /admin/functions/score/status", Answer(200, {}))

        assert (True, 1) == (60 < app.verify().seconds < 70, app.count("POST", "/admin/host/restart"))

    def test_may_outlast_a_restart(self) -> None:
        """There is one in a run; then it is what it was."""
        app = App({"GET /admin/functions/score/status": [self.BROKEN]})

        assert "it was not live after 120 s" in app.failure().reason
        assert 1 == app.count("POST", "/admin/host/restart")

    def test_is_not_put_down_to_the_host_while_the_listener_fails(self) -> None:
        """The host tries again by itself, and the log has its last word."""
        app = App({"GET /admin/functions/score/status": [self.BROKEN], "POST iris/containerlogs": [log(CANNOT_START)]})

        assert "it was not live after 60 s" in app.failure().reason
        assert 0 == app.count("POST", "/admin/host/restart")

    def test_does_not_matter_when_it_is_not_ours(self) -> None:
        """Only functions that this deployment brings are asked for."""
        app = App({"GET /admin/functions/check/status": [Answer(200, {"errors": ["broken"]})]})

        assert 1 == app.verify().attempts

    def test_may_have_a_page_that_is_not_there_yet(self) -> None:
        """A host that is busy starting is asked again; only 404 means that it has no such page."""
        app = App({"GET /admin/functions/identity/status": [Answer(503), Answer(404)]})

        assert 2 == app.verify().attempts
