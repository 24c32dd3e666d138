"""`init()` has returned in the very build that is expected, or the app is not called live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions_model.core.spec import AuthLevel
from support.fake_arm import Answer, arm_error
from support.fake_live_app import BUILD, EXPECTED, IMAGE, MASTER, App

DELIVERED = replace(EXPECTED, image=IMAGE)
FAILED = Answer(500, {"message": "Could not start the model: init() of the entry script failed (ValueError)."}, BUILD)
DOOR = "GET /api/swagger.json"


def with_trigger(trigger: str, **routes: list[Answer]) -> App:
    """An app of that trigger."""
    return App({"GET /api/identity": [Answer(200, {"build_id": "build-2", "trigger": trigger})], **routes})


class TestInit:
    def test_runs_without_a_sample(self) -> None:
        """With an HTTP trigger, asking for the description of the interface does it; nothing is scored."""
        app = App()

        proof = app.verify(DELIVERED)

        assert (1, 0) == (app.count("GET", "/api/swagger.json"), app.count("POST", "/api/score"))
        assert (False, "") == (proof.scored, proof.unproven)

    @pytest.mark.parametrize("trigger", ["blob", "service-bus-queue"])
    def test_runs_without_a_blob_or_message(self, trigger: str) -> None:
        """The check function does it, and is sent nothing to score."""
        app = with_trigger(trigger)

        app.verify(DELIVERED)

        assert ("GET", "/api/check", MASTER) == (
            app.asked[-1].method,
            app.asked[-1].path,
            app.asked[-1].headers["x-functions-key"],
        )

    def test_that_raises_is_a_failure_at_once(self) -> None:
        """With its cause, and what the app said."""
        app = App({DOOR: [FAILED]})

        failure = app.failure(DELIVERED)

        assert "`init()` of the entry script failed (`/api/swagger.json`, which loads the model" in failure.reason
        assert "init() of the entry script failed (ValueError)" in failure.detail
        assert 0.0 == app.clock.now

    def test_that_raises_in_an_old_instance_does_not_count(self) -> None:
        """Nor does what an old instance makes of it: with the builds before this one, answers name none."""
        old = {"x-functions-model-build": "build-1"}
        answers = [replace(FAILED, headers=old), Answer(200, {}, old), Answer(200, {}), Answer(200, {}, BUILD)]

        assert 4 == App({DOOR: answers}).verify(DELIVERED).attempts

    def test_that_takes_long_is_asked_for_again(self) -> None:
        """The front end gives up first, and `init()` goes on."""
        app = App({DOOR: [Answer(504), Answer(502), Answer(200, {}, BUILD)]})

        assert 3 == app.verify(DELIVERED).attempts

    def test_that_ends_its_process_is_a_failure(self) -> None:
        """The host answers 500 without a word, and starts the process again three times."""
        app = App({DOOR: [Answer(500), Answer(503), Answer(500), Answer(500), Answer(500), Answer(200, {}, BUILD)]})

        failure = app.failure(DELIVERED)

        assert "`/api/swagger.json`, which loads the model, answers with the status 500" in failure.reason
        assert 5 == app.count("GET", "/api/swagger.json")

    def test_needs_no_key_where_everybody_may_call(self) -> None:
        """An anonymous app is asked as its callers ask it."""
        app = App()

        app.verify(replace(DELIVERED, auth_level=AuthLevel.ANONYMOUS))

        assert "x-functions-key" not in app.asked[-1].headers

    def test_of_an_earlier_version_may_have_no_door(self) -> None:
        """What ran before, put back, may have been made before there was one: that is no failure, and no proof."""
        app = with_trigger("blob", **{"GET /api/check": [Answer(404)]})

        assert "`/api/check`, which loads the model, answers with the status 404" == app.verify().unproven


class TestAClosedApp:
    """App Service turns callers away by where they are."""

    FORBIDDEN = Answer(403, b"<h1>Error 403 - Forbidden</h1>", {"x-ms-forbidden-ip": "203.0.113.7"})

    def app(self, **routes: list[Answer]) -> App:
        alive = {
            "GET host/status": [Answer(200, {"state": "Running", "version": "4.1044"})],
            "GET admin/functions": [Answer(200, [{"name": "score"}, {"name": "identity"}])],
            "GET score/status": [Answer(200, {})],
            "GET identity/status": [Answer(404)],
        }
        return App({"GET /": [self.FORBIDDEN], "GET /api/identity": [self.FORBIDDEN], **alive, **routes})

    def test_is_unproven(self) -> None:
        """All that Resource Manager can tell is looked at, and no key is asked for."""
        app = self.app()

        proof = app.verify(DELIVERED)

        assert "the app does not let this machine in" == proof.unproven
        assert (("identity", "score"), "4.1044") == (proof.functions, proof.host_version)
        assert (0, 1, 1) == (app.count("POST", "/listkeys"), app.count("GET", "/config/web"), len(app.asked_at("/")))

    def test_whose_host_is_in_error_is_not_live(self) -> None:
        """Its host says why."""
        app = self.app(**{"GET host/status": [Answer(200, {"state": "Error", "errors": ["no storage"]})]})

        assert "the Functions host is in the state Error: no storage" in app.failure(DELIVERED).reason

    def test_is_waited_for(self) -> None:
        """Until its host answers."""
        starting = Answer(400, {"Code": "BadRequest", "Message": "ServiceUnavailable"})
        app = self.app(**{"GET host/status": [starting, Answer(200, {"state": "Running"})]})

        assert 2 == app.verify(DELIVERED).attempts

    def test_may_be_one_whose_host_this_login_may_not_ask(self) -> None:
        """The right is one of its own: that is told, and no failure."""
        app = self.app(**{"GET host/status": [arm_error(403, "AuthorizationFailed", "no hostruntime/host/read")]})

        assert "and this login may not have its host asked: AuthorizationFailed" in app.verify(DELIVERED).unproven

    def test_with_another_403_is_not_meant(self) -> None:
        """What the app itself refuses is waited for as before."""
        app = App({"GET /": [Answer(403)], "GET /api/identity": [Answer(403)]})

        assert "`/api/identity` answers with the status 403" in app.failure(DELIVERED).reason
