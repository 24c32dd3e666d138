"""An app whose callers log in before they reach it: what Azure can tell is proven, the rest is said to be unproven."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import NotLive
from functions_model.core.spec import AuthLevel
from functions_model.verify.asking import ask
from support.fake_arm import Answer, session_for
from support.fake_live_app import EXPECTED, IMAGE, MASTER, App

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = Answer(401, b"", {"WWW-Authenticate": 'Bearer realm="iris.test" authorization_uri="https://login.test"'})
AZURE = {
    "GET host/status": [Answer(200, {"state": "Running", "version": "4.1044"})],
    "GET admin/functions": [Answer(200, [{"name": "score"}, {"name": "identity"}])],
    "GET score/status": [Answer(200, {})],
    "GET identity/status": [Answer(404)],
}
OPEN = ("GET /api/identity", "GET /api/check", "POST /api/check")
WHY = "the authentication of App Service in front of the app has callers log in"
COMMAND = (
    'az resource update --api-version 2023-12-01 --ids "$(az functionapp show --name iris --resource-group rg'
    " --query id --output tsv)/config/authsettingsV2\" --set 'properties.globalValidation.excludedPaths="
)


def guarded(
    routes: dict[str, list[Answer]] | None = None, *, refusal: Answer = LOGIN, leaves_out: tuple[str, ...] = ()
) -> App:
    """An app behind a login, but for some questions."""
    shut = {route: [refusal] for route in App().routes if route.split()[1].startswith("/") and route not in leaves_out}
    known = {"GET config/authsettingsV2": [settings("Return401", excluded=("/health", "/api/identity"))]}
    return App({**shut, **AZURE, **known, **(routes or {})})


def settings(action: str, *, enabled: bool = True, excluded: tuple[str, ...] = ()) -> Answer:
    """Of App Service's authentication."""
    validation = {"requireAuthentication": True, "unauthenticatedClientAction": action, "excludedPaths": excluded}
    return Answer(200, {"properties": {"platform": {"enabled": enabled}, "globalValidation": validation}})


class TestAnAppBehindALogin:
    def test_is_unproven_and_not_dead(self) -> None:
        """Its image, its host and its functions are seen through Azure; the way to see the rest is told."""
        app = guarded()

        proof = app.verify(replace(EXPECTED, image=IMAGE))

        assert (WHY, "4.1044", ("identity", "score")) == (proof.unproven, proof.host_version, proof.functions)
        assert f"""{COMMAND}["/health","/api/identity","/api/check"]'""" in proof.unseen
        assert (0, 1) == (len(app.asked_at("/admin/host/status")), app.count("POST", "/syncfunctiontriggers"))
        assert app.clock.now < 1

    def test_is_live_where_it_leaves_out_what_keeps_to_the_master_key(self, tmp_path: Path) -> None:
        """The build answers, and `check` runs `init()` and scores; nobody needs the door of the callers."""
        sample = tmp_path / "sample.json"
        sample.write_text("1")
        app = guarded(leaves_out=OPEN)

        proof = app.verify(replace(EXPECTED, sample_request=sample, auth_level=AuthLevel.ANONYMOUS))

        assert ("", True, "https://iris.test/api/score") == (proof.unproven, proof.scored, proof.scoring_url)
        assert [MASTER] == [one.headers.get("x-functions-key") for one in app.asked if one.method == "POST"][-1:]
        assert "" == proof.unseen

    def test_may_leave_out_the_page_that_is_asked_first(self) -> None:
        """As for the health check of a gateway."""
        assert WHY == guarded(leaves_out=("GET /",)).verify().unproven

    def test_names_what_alone_is_shut(self) -> None:
        """One of the two is not enough."""
        routes = {"GET config/authsettingsV2": [Answer(404)]}

        assert f"""{COMMAND}["/api/check"]'""" in guarded(routes, leaves_out=OPEN[:1]).verify().unseen

    def test_is_waited_for_while_its_host_starts(self) -> None:
        """A login in front says nothing of the app."""
        starting = [Answer(200, {"state": "Starting"}), Answer(200, {"state": "Running", "version": "4"})]

        assert WHY == guarded({"GET host/status": starting}).verify().unproven

    @pytest.mark.parametrize(
        ("status", "action"), [(302, "RedirectToLoginPage"), (403, "Return403"), (404, "Return404")]
    )
    def test_may_answer_otherwise(self, status: int, action: str) -> None:
        """Its settings say whether such an answer is its own."""
        app = guarded({"GET config/authsettingsV2": [settings(action)]}, refusal=Answer(status))

        assert WHY == app.verify().unproven

    @pytest.mark.parametrize(
        "told",
        [
            settings("Return403", enabled=False),
            settings("RedirectToLoginPage"),
            settings("AllowAnonymous"),
            Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}),
        ],
    )
    def test_is_not_meant_where_its_settings_say_otherwise(self, told: Answer) -> None:
        """What answers so is somebody else, and no proof of anything."""
        app = guarded({"GET config/authsettingsV2": [told]}, refusal=Answer(403))

        assert "it was not live after 20 s" in app.failure(timeout=20).reason


class TestACall:
    def asked(self, app: App) -> Any:
        session = session_for(app.answer)
        return ask(app.endpoint(), b"1", "application/json", mask=app.ci.mask, clock=app.clock, session=session)

    def test_goes_to_the_function_that_is_left_out(self) -> None:
        """With the master key, as nobody reaches the other one without logging in."""
        told = self.asked(guarded(leaves_out=OPEN))

        assert ("/api/check", 200) == (told.route, told.status)

    @pytest.mark.parametrize("leaves_out", [(), OPEN[:1]])
    def test_says_what_is_in_its_way(self, leaves_out: tuple[str, ...]) -> None:
        """And both ways out."""
        with pytest.raises(NotLive, match="has callers log in") as caught:
            self.asked(guarded(leaves_out=leaves_out))

        assert "Call it with a token of its callers" in caught.value.remedy
        assert COMMAND in caught.value.remedy
