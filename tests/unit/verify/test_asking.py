"""A live app that is asked by hand: which key opens it, and what is said when none does."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from functions_model.core.failures import NotLive
from functions_model.verify.asking import Answer as Told
from functions_model.verify.asking import ask
from functions_model.verify.logs import news
from support.fake_arm import Answer, session_for
from support.fake_live_app import KEY, MASTER, STARTING, App

UNAUTHORISED = Answer(401)


def asked(app: App, **options: Any) -> Told:
    """One question to it."""
    session = session_for(app.answer)
    return ask(app.endpoint(**options), b"1", "application/json", mask=app.ci.mask, clock=app.clock, session=session)


def keys_sent(app: App) -> list[str | None]:
    """The keys of the requests that were to be scored, in order."""
    return [one.headers.get("x-functions-key") for one in app.asked if one.path in {"/api/score", "/api/check"}]


class TestKeys:
    def test_the_functions_own_goes_first(self) -> None:
        """The master key opens more than anybody here needs."""
        app = App()

        told = asked(app)

        assert ("/api/score", "http", 200, '["setosa"]') == (told.route, told.trigger, told.status, told.text)
        assert [KEY] == keys_sent(app)
        assert {KEY} == set(app.ci.masked)

    def test_the_master_key_where_that_one_does_not_open_it(self) -> None:
        """An app with `auth-level: admin`."""
        app = App({"POST /api/score": [UNAUTHORISED, Answer(200, [1])]})

        assert 200 == asked(app).status
        assert [KEY, MASTER] == keys_sent(app)

    def test_the_master_key_alone_for_the_check_function(self) -> None:
        """With a blob or queue trigger nobody else may call the app."""
        app = App({"GET /api/identity": [Answer(200, {"build_id": "b", "trigger": "blob"})]})

        told = asked(app)

        assert ("/api/check", "blob", [MASTER]) == (told.route, told.trigger, keys_sent(app))

    def test_none_where_azure_tells_none_and_everybody_may_call(self) -> None:
        """As with `auth-level: anonymous`."""
        app = App({"POST default/listkeys": [STARTING]})

        assert 200 == asked(app).status
        assert [None] == keys_sent(app)

    def test_that_azure_does_not_tell_are_missed_where_they_are_wanted(self) -> None:
        """With what the host says of that."""
        app = App({"POST default/listkeys": [STARTING], "POST /api/score": [UNAUTHORISED]})

        with pytest.raises(NotLive, match="it wants a key, and Azure cannot list the host's keys") as caught:
            asked(app, has_machine_key=False)

        assert "To add it: az functionapp config appsettings set" in caught.value.remedy


class TestAnAppWithARoutePrefix:
    """Of its own, which only its host knows."""

    def test_is_asked_below_it(self) -> None:
        """The host writes all of an address in lower case."""
        listed = [{"name": "identity", "invoke_url_template": "https://iris.test/models/v2/identity"}]
        app = App(
            {
                "GET /api/identity": [Answer(404)],
                "GET /admin/functions": [Answer(200, listed)],
                "GET /models/v2/identity": [Answer(200, {"build_id": "b", "trigger": "http"})],
                "POST /models/v2/score": [Answer(200, [1])],
            }
        )

        assert ("/models/v2/score", 200) == ((told := asked(app)).route, told.status)

    def test_or_without_any(self) -> None:
        """As with `route-prefix: none`."""
        listed = [{"name": "check"}, {"name": "identity", "invoke_url_template": "https://iris.test/identity"}]
        app = App(
            {
                "GET /api/identity": [Answer(404)],
                "GET /admin/functions": [Answer(200, listed)],
                "GET /identity": [Answer(200, {"build_id": "b", "trigger": "blob"})],
                "POST /check": [Answer(200, [1])],
            }
        )

        assert "/check" == asked(app).route


class TestAScriptThatRaises:
    """The status is 500, and the answer says nothing of it."""

    FAILED = Answer(500, {"message": "An unexpected error"}, {"x-functions-model-failure": "f1"})
    PLACE: ClassVar[dict[str, Any]] = {"root": "code", "file": "score.py", "line": 3}
    RAISED: ClassVar[dict[str, Any]] = {"step": "import", "type": "KeyError", "text": "'a'", "place": PLACE}

    def test_is_told_with_its_line(self) -> None:
        """As the app has it."""
        told = {"failure": self.RAISED, "warnings": []}
        app = App({"POST /api/score": [self.FAILED], "GET /api/check": [Answer(200, told)]})

        raised = "The entry script cannot be imported: KeyError: 'a' (score.py:3). Correct the script."
        assert (500, raised) == ((answer := asked(app)).status, answer.raised)
        assert [KEY, MASTER] == keys_sent(app)

    def test_is_not_told_by_an_app_of_before(self) -> None:
        """It has no such door."""
        assert "" == asked(App({"POST /api/score": [self.FAILED], "GET /api/check": [Answer(404)]})).raised


class TestAnAppThatCannotBeCalled:
    def test_lets_nobody_in_from_here(self) -> None:
        """App Service itself refuses: the app never hears of it."""
        app = App({"GET /api/identity": [Answer(403, b"", {"x-ms-forbidden-ip": "10.0.0.1"})]})

        with pytest.raises(NotLive, match="it does not let this machine in"):
            asked(app)

    def test_is_none_of_ours(self) -> None:
        """Where its function answers is then nobody's guess."""
        with pytest.raises(NotLive, match="it has no `/api/identity`"):
            asked(App({"GET /api/identity": [Answer(404)]}))

    def test_is_only_starting(self) -> None:
        """It is not waited for: who calls by hand sees what is."""
        with pytest.raises(NotLive, match="answers with the status 503") as caught:
            asked(App({"GET /api/identity": [Answer(503)]}))

        assert "functions-model logs" in caught.value.remedy


class TestNews:
    def test_are_what_was_not_there_before(self) -> None:
        """Wherever it stands: the platform's lines come before those of the container."""
        assert ["pinged", "asked"] == news(["pulled", "loaded"], ["pulled", "pinged", "loaded", "asked"])

    def test_the_same_line_again_is_news(self) -> None:
        """A script may say the same at each request."""
        assert ["asked"] == news(["asked"], ["asked", "asked"])

    def test_what_has_gone_is_none(self) -> None:
        """App Service keeps the newest lines alone."""
        assert ["d"] == news(["a", "b", "c"], ["c", "d"])
