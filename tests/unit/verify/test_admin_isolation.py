"""An app whose host keeps `/admin` to Azure is looked at through Azure, and verified as any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.fake_arm import Answer
from support.fake_live_app import EXPECTED, NAMES, App

if TYPE_CHECKING:
    from pathlib import Path

FORBIDDEN = Answer(403)
REFUSED = Answer(403, {"error": {"code": "AuthorizationFailed", "message": "does not have authorization"}})


def isolated(**routes: list[Answer]) -> App:
    below = ("host/status", "functions", "functions/score/status", "functions/identity/status")
    shut = {f"GET /admin/{path}": [FORBIDDEN] for path in below} | {"POST /admin/host/synctriggers": [FORBIDDEN]}
    azure = {
        "GET host/status": [Answer(200, {"state": "Running", "version": "4.1044"})],
        "GET admin/functions": [Answer(200, [{"name": "score"}, {"name": "identity"}])],
        "GET score/status": [Answer(200, {})],
        "GET identity/status": [Answer(404)],
    }
    return App({**shut, **azure, **routes})


class TestAnIsolatedApp:
    def test_is_live(self, tmp_path: Path) -> None:
        """Azure asks its host; its functions take the keys as ever."""
        sample = tmp_path / "sample.json"
        sample.write_text("1")
        app = isolated()

        proof = app.verify(replace(EXPECTED, sample_request=sample))

        assert ("4.1044", '["setosa"]', "") == (proof.host_version, proof.answer, proof.unproven)
        assert (2, 1) == (app.count("GET", "/admin/host/status"), app.count("GET", "hostruntime/admin/functions"))
        assert (1, 0) == (app.count("POST", "/syncfunctiontriggers"), len(app.asked_at("/admin/functions")))

    def test_of_which_this_login_may_not_ask_is_told_at_once(self) -> None:
        """What keeps it from an answer, and the command that lets the master key in."""
        app = isolated(**{"GET host/status": [REFUSED]})

        failure = app.failure(names=NAMES.at("staging"), host_name="iris-staging.test")

        assert "its host keeps `/admin` to Azure (admin isolation), and Azure did not ask it" in failure.reason
        assert (
            'az resource update --ids "$(az functionapp show --name iris --resource-group rg --slot staging --query id '
            '--output tsv)" --set properties.functionsRuntimeAdminIsolationEnabled=false' in failure.remedy
        )
        assert app.clock.now < 5

    def test_in_error_says_why(self) -> None:
        """Through Azure."""
        app = isolated(**{"GET host/status": [Answer(200, {"state": "Error", "errors": ["no storage"]})]})

        assert "the Functions host is in the state Error: no storage" in app.failure().reason


def test_a_key_that_is_wrong_is_no_isolation() -> None:
    """401: keys may have been made anew just now."""
    app = App({"GET /admin/host/status": [Answer(401)]})

    assert "`/admin/host/status` answers with the status 401" in app.failure().reason
