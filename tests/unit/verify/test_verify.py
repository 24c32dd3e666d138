"""A live app is proven phase by phase, and one that is not says why."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from functions_model.core.spec import AuthLevel
from functions_model.verify import Verified
from functions_model.verify.app import fresh_session
from functions_model.verify.scoring import content_type
from support.fake_arm import Answer, arm_error
from support.fake_live_app import BUILD, EXPECTED, KEY, MASTER, STARTING, App


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    file = tmp_path / "sample.json"
    file.write_text('{"data": [1]}')
    return file


DENIED = (
    b"Pulling image: contoso.azurecr.io/iris\n"
    b"Image pull failed: unauthorized: authentication required. It needs the role AcrPull on the registry\n"
)
WITH_NEW_ROLES = replace(EXPECTED, new_roles=("AcrPull on contoso", "Storage Blob Data Owner on irisstorage"))


class TestNewRoles:
    """Roles that this run assigned, and that Azure does not honour yet."""

    def app(self, *log: bytes, looks: int) -> App:
        """One that is not allowed to live at first, by its log, for that many looks."""
        logs = [Answer(200, one, {"content-type": "application/octet-stream"}) for one in log]
        return App({"GET /": [Answer(503)] * looks + [Answer(200)], "POST iris/containerlogs": logs})

    def test_are_waited_for_beyond_the_apps_own_time(self) -> None:
        """While the log says that a role does not count, the time that the app has does not run; it is told why."""
        app = self.app(DENIED, looks=60)

        proof = app.verify(WITH_NEW_ROLES, timeout=20)

        assert 100 < proof.seconds < 130
        why = (
            "a role that this run assigned does not count yet, which can take Azure some minutes (the identity may not"
        )
        assert any(why in line for line in app.ci.lines)

    def test_have_ten_minutes(self) -> None:
        """A role that is never honoured ends in a failure that says which one."""
        failure = self.app(DENIED, looks=9999).failure(WITH_NEW_ROLES, timeout=20)

        assert "the identity may not pull the image (it was not live after 620 s" in failure.reason
        assert "A new role can take some minutes to count" in failure.remedy

    def test_do_not_excuse_another_cause(self) -> None:
        """An app that is kept by something else has its own time and no more."""
        failure = self.app(b"init() of the entry script raised\n", looks=9999).failure(WITH_NEW_ROLES, timeout=20)

        assert "it was not live after 20 s" in failure.reason

    def test_do_not_excuse_what_they_have_nothing_to_do_with(self) -> None:
        """An image that may not be pulled is not put down to a new role on the storage account."""
        expected = replace(EXPECTED, new_roles=("Storage Blob Data Owner on irisstorage",))

        failure = self.app(DENIED, looks=9999).failure(expected, timeout=20)

        assert "it was not live after 20 s" in failure.reason

    def test_cost_no_request_where_there_are_none(self) -> None:
        """A run that assigned no role reads the log at the end alone, and waits no longer."""
        app = self.app(DENIED, looks=9999)

        failure = app.failure(timeout=60)

        assert "it was not live after 60 s" in failure.reason
        assert 1 == sum(asked.path.endswith("containerlogs") for asked in app.asked)

    def test_cost_no_request_when_the_app_comes_up_at_once(self) -> None:
        """The first ten seconds are the container's own."""
        app = self.app(DENIED, looks=5)

        app.verify(WITH_NEW_ROLES)

        assert [] == [asked.path for asked in app.asked if asked.path.endswith("containerlogs")]


class TestRoutes:
    """What stands before the paths of an app's functions."""

    @pytest.mark.parametrize(("prefix", "path"), [("Models/v2", "/Models/v2"), ("", ""), ("api", "/api")])
    def test_are_those_of_its_image(self, sample: Path, prefix: str, path: str) -> None:
        """Every question to a function goes there."""
        routes = App().routes
        moved = {
            route.replace("/api", path): routes.pop(route) for route in list(routes) if route.split()[1][:4] == "/api"
        }

        proof = App(moved).verify(replace(EXPECTED, route_prefix=prefix, sample_request=sample))

        assert (f"https://iris.test{path}/score", "", True) == (proof.scoring_url, proof.unproven, proof.scored)

    def test_are_told_by_the_host_where_nobody_knows_the_image(self) -> None:
        """As of a version that is put back, whose image cannot be read any more."""
        names = ("score", "identity")
        listed = [{"name": name, "invoke_url_template": f"https://iris.test/v1/{name}"} for name in names]
        app = App(
            {
                "GET /api/identity": [Answer(404)],
                "GET /admin/functions": [Answer(200, listed)],
                "GET /v1/check": [Answer(200, b"Healthy", BUILD)],
            }
        )

        proof = app.verify(replace(EXPECTED, build_id="", functions=()))

        assert ("https://iris.test/v1/score", "") == (proof.scoring_url, proof.unproven)


class TestALiveApp:
    def test_is_verified_at_first_sight(self) -> None:
        """An app that answers everything needs one look and no waiting."""
        app = App()

        proof = app.verify()

        assert (
            Verified(
                functions=("check", "identity", "score"),
                scoring_url="https://iris.test/api/score",
                answer="",
                attempts=1,
                seconds=0.0,
                app_url="https://iris.test",
                host_version="4.1044",
            )
            == proof
        )

    def test_answers_with_its_build_twice(self) -> None:
        """One hit may be luck while instances change: two in a row are asked for."""
        app = App(
            {"GET /api/identity": [Answer(200, {"build_id": build}) for build in ("build-2", "build-1", "build-2")]}
        )

        assert 2 == app.verify().attempts

    def test_may_take_its_time(self) -> None:
        """Each phase may lag; the log says what is waited for."""
        app = App(
            {
                "GET /": [Answer(503), Answer(200)],
                "POST default/listkeys": [STARTING] * 7 + [Answer(200, {"masterKey": MASTER})],
                "GET /admin/functions": [Answer(200, []), Answer(200, [{"name": "score"}, {"name": "identity"}])],
            }
        )

        proof = app.verify()

        assert 10 == proof.attempts
        assert 11.1953125 == proof.seconds
        assert "the app does not answer yet (status 503)" in app.ci.lines[0]
        assert "Azure cannot list the host's keys yet" in app.ci.lines[1]
        assert "has not indexed `identity`, `score` (it has none)" in app.ci.lines[2]

    def test_says_again_what_it_waits_for(self) -> None:
        """A log that stands still looks as if it hung. The first time, that is said to be normal."""
        app = App({"POST default/listkeys": [STARTING] * 12 + [Answer(200, {"masterKey": MASTER})]})

        app.verify()

        first, *others = app.ci.lines
        assert len(others) > 0
        assert {first.replace(", which is normal while it starts", "")} == set(others)

    def test_gets_its_triggers_synchronised(self) -> None:
        """By its own host: that is no request to Resource Manager."""
        app = App()
        app.verify()

        assert 1 == app.count("POST", "/admin/host/synctriggers")
        assert 0 == app.count("POST", "/syncfunctiontriggers")

    def test_whose_host_does_not_synchronise_triggers_has_azure_ask_it(self) -> None:
        """Once the app is there: Azure refuses it before."""
        refused = {
            "POST /admin/host/synctriggers": [Answer(403)],
            "POST iris/syncfunctiontriggers": [STARTING, Answer(204)],
        }

        assert 2 == App(refused).verify().attempts

    def test_is_not_looked_up_where_its_address_is_known(self) -> None:
        """One request less."""
        app = App()

        assert "https://iris.elsewhere" == app.verify(host_name="iris.elsewhere").app_url
        assert 0 == app.count("GET", "/sites/iris")

    def test_is_asked_for_its_keys_when_there_is_a_host(self) -> None:
        """Not before its anonymous function answers."""
        app = App({"GET /api/identity": [Answer(404)] * 5 + [Answer(200, {"build_id": "build-2"})]})

        assert 6 == app.verify().attempts
        assert 1 == app.count("POST", "/listkeys")

    def test_is_asked_for_its_keys_when_there_is_no_answer_for_long(self) -> None:
        """The host then says why."""
        failed = Answer(200, {"state": "Error", "errors": ["no storage"]})
        app = App({"GET /api/identity": [Answer(503)], "GET /admin/host/status": [failed]})

        assert "the Functions host is in the state Error: no storage" in app.failure().reason

    def test_whose_host_is_in_error_is_asked_why(self) -> None:
        """Through Azure, as its keys may lie in the very storage that it cannot reach."""
        down = Answer(503, b"Function host is not running.")
        failed = Answer(200, {"state": "Error", "errors": ["No such host is known"]})
        app = App({"GET /": [down, down, Answer(200)], "GET host/status": [failed]})

        assert 3 == app.verify().attempts
        assert "the Functions host is in the state Error: No such host is known" in app.ci.lines[0]

    def test_whose_host_is_in_error_may_tell_by_its_key(self) -> None:
        """Where this login may not have it asked."""
        app = App(
            {
                "GET /": [Answer(503, b"Function host is not running.")],
                "GET host/status": [arm_error(403, "AuthorizationFailed", "not allowed")],
                "GET /admin/host/status": [Answer(200, {"state": "Error", "errors": ["no storage"]})],
            }
        )

        assert "the Functions host is in the state Error: no storage" in app.failure(timeout=5).reason

    def test_whose_host_is_in_error_may_not_tell(self) -> None:
        """Then that is the reason."""
        routes = {
            "GET /": [Answer(503, b"Function host is not running.")],
            "GET host/status": [arm_error(403, "AuthorizationFailed", "not allowed")],
            "POST default/listkeys": [arm_error(403, "AuthorizationFailed", "no keys either")],
        }

        assert "no keys either" in App(routes).failure(timeout=5).reason

    def test_is_asked_without_cookies(self) -> None:
        """App Service's affinity cookie would tie every look to one instance."""
        seen: list[str | None] = []

        class Affine(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(self.headers["Cookie"])
                self.send_response(204)
                self.send_header("Set-Cookie", "ARRAffinity=one; Path=/")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Affine) as server, fresh_session() as session:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for _ in range(2):
                session.get(f"http://127.0.0.1:{server.server_port}/", timeout=10)
            server.shutdown()

        assert [None, None] == seen


class TestTheSample:
    def test_is_scored_once_with_the_functions_key(self, sample: Path) -> None:
        """The file's bytes are posted with key and content type, and the answer is kept."""
        app = App()

        proof = app.verify(replace(EXPECTED, sample_request=sample))
        posts = [asked for asked in app.asked if asked.path == "/api/score"]

        assert '["setosa"]' == proof.answer
        assert [b'{"data": [1]}'] == [post.body for post in posts]
        assert (KEY, "application/json") == (posts[0].headers["x-functions-key"], posts[0].headers["content-type"])

    @pytest.mark.parametrize(("level", "key"), [(AuthLevel.ANONYMOUS, None), (AuthLevel.ADMIN, MASTER)])
    def test_carries_the_key_of_its_level(self, sample: Path, level: AuthLevel, key: str | None) -> None:
        """An anonymous function needs no key, an admin one the master key."""
        app = App()
        app.verify(replace(EXPECTED, sample_request=sample, auth_level=level))

        assert key == app.asked[-1].headers.get("x-functions-key")

    def test_goes_to_the_function_that_answers_http(self, sample: Path) -> None:
        """A blob or queue trigger has a function beside it that scores the sample, with the master key."""
        app = App()
        door = replace(EXPECTED, auth_level=AuthLevel.ADMIN, sample_function="check")

        proof = app.verify(replace(door, functions=("check", "identity", "score"), sample_request=sample))

        assert ('["setosa"]', "https://iris.test/api/check") == (proof.answer, proof.scoring_url)
        assert ("/api/check", MASTER) == (app.asked[-1].path, app.asked[-1].headers["x-functions-key"])

    def test_asks_for_the_key_of_that_function(self, sample: Path) -> None:
        """Of level `function`, the key is the one of the function that is called."""
        app = App({"POST check/listkeys": [Answer(200, {"default": "check-key-value"})]})

        app.verify(replace(EXPECTED, sample_function="check", sample_request=sample))

        assert "check-key-value" == app.asked[-1].headers["x-functions-key"]

    def test_that_fails_is_told_with_its_answer(self, sample: Path) -> None:
        """A wrong status is a failure; its detail holds the answer and the log."""
        log = Answer(
            200, b"Traceback\nModuleNotFoundError: No module named 'sklearn'\n", {"content-type": "text/plain"}
        )
        app = App({"POST /api/score": [Answer(500, {"message": "broken"})], "POST iris/containerlogs": [log]})

        failure = app.failure(replace(EXPECTED, sample_request=sample))

        assert "the entry script cannot import `sklearn`" in failure.reason
        assert "`/api/score` answered `sample.json` with the status 500" in failure.reason
        assert '{"message": "broken"}' in failure.detail
        assert "No module named 'sklearn'" in failure.detail

    def test_answered_by_an_old_instance_is_sent_again(self, sample: Path) -> None:
        """While an image changes, both builds answer: what the one before says is not taken for this one's answer."""
        old = Answer(200, ["old"], {"x-functions-model-build": "build-1"})
        app = App({"POST /api/score": [old, Answer(200, ["before there were builds"]), Answer(200, ["new"], BUILD)]})

        proof = app.verify(replace(EXPECTED, sample_request=sample))

        assert ('["new"]', 3, True) == (proof.answer, proof.attempts, proof.scored)

    def test_may_be_answered_by_any_build_where_any_will_do(self, sample: Path) -> None:
        """As when files were exchanged in the app: what runs there is not what its image says."""
        app = App({"POST /api/score": [Answer(200, ["any"], {"x-functions-model-build": "build-1"})]})

        proof = app.verify(replace(EXPECTED, build_id="", sample_request=sample))

        assert ('["any"]', True) == (proof.answer, proof.scored)

    def test_is_cut_when_long_and_counted_when_not_text(self, sample: Path) -> None:
        """Answers are bounded; bytes that are no text are named by size and type."""
        with_sample = replace(EXPECTED, sample_request=sample)
        long = App({"POST /api/score": [Answer(200, b"x" * 9000, BUILD)]}).verify(with_sample)
        image = App({"POST /api/score": [Answer(200, b"\xff\xd8\xff", {"content-type": "image/jpeg", **BUILD})]})

        assert len(long.answer) < 4100
        assert "3 bytes of image/jpeg" == image.verify(with_sample).answer

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.json", "application/json"),
            ("a", "application/json"),
            ("a.csv", "text/csv"),
            ("a.txt", "text/plain"),
            ("a.jpg", "image/jpeg"),
            ("a.png", "image/png"),
            ("a.unknown-kind", "application/octet-stream"),
        ],
    )
    def test_has_the_content_type_of_its_suffix(self, name: str, kind: str) -> None:
        """The suffix says what the bytes are."""
        assert kind == content_type(Path(name))


class TestAnAppThatIsNotLive:
    @pytest.mark.parametrize(
        ("route", "answer", "reason"),
        [
            ("GET /", Answer(503), "the app does not answer yet (status 503)"),
            ("POST default/listkeys", STARTING, "Azure cannot list the host's keys yet"),
            (
                "GET /admin/host/status",
                Answer(200, {"state": "Error", "errors": ["no storage"]}),
                "the Functions host is in the state Error: no storage",
            ),
            ("GET /admin/host/status", Answer(401), "answers with the status 401"),
            (
                "GET /admin/functions",
                Answer(200, [{"name": "identity"}]),
                "has not indexed `score` (it has `identity`)",
            ),
            ("GET /api/identity", Answer(200, {"build_id": "build-1"}), "with the build `build-1`, not with `build-2`"),
            ("GET /api/identity", Answer(200, b"<html>"), "something other than JSON"),
        ],
    )
    def test_names_the_phase_that_does_not_hold(self, route: str, answer: Answer, reason: str) -> None:
        """When the time is over, the last phase's own reason is told, with the log's tail and exit code 8."""
        failure = App({route: [answer]}).failure(timeout=10)

        assert reason in failure.reason
        assert "not live after 10 s" in failure.reason
        assert "pulled\nstarted" in failure.detail
        assert 8 == failure.exit_code

    def test_is_not_waited_for_when_it_is_stopped(self) -> None:
        """A stopped app says how to start it, at once."""
        site = Answer(200, {"properties": {"state": "Stopped", "defaultHostName": "iris.test"}})
        app = App({"GET sites/iris": [site]})

        assert "az functionapp start --name iris" in app.failure().remedy
        assert 0.0 == app.clock.now

    def test_is_not_waited_for_when_azure_refuses(self) -> None:
        """A missing right is told at once: waiting does not mend it."""
        app = App({"POST default/listkeys": [arm_error(403, "AuthorizationFailed", "not allowed")]})

        assert "AuthorizationFailed" in app.failure().reason
        assert 0.0 == app.clock.now

    def test_is_told_even_without_a_log(self) -> None:
        """A log that cannot be read does not hide the failure."""
        for log in (arm_error(404, "NotFound", "none"), Answer(204)):
            app = App({"GET /": [Answer(503)], "POST iris/containerlogs": [log]})

            assert "app's log" in app.failure(timeout=1).detail

    def test_shows_no_form_of_a_secret(self) -> None:
        """Programs write a setting as JSON, as Python does, into URLs; and the end of a log may begin within one."""
        secret = 'pass"word\\of=mine/here'
        written = [json.dumps(secret), repr({"x": secret}), quote(secret, safe=""), b64encode(secret.encode()).decode()]
        end = "\n".join(["", *written])
        filler = "." * (12_000 - len(end) - 10)
        log = f"{'first line' * 5} {secret} {filler}{end}"
        app = App({"GET /": [Answer(503)], "POST iris/containerlogs": [Answer(200, log.encode())]})

        detail = app.failure(timeout=1, secrets=(secret,)).detail

        assert [] == [form[2:-2] for form in (*written, secret) if form[2:-2] in detail]
        assert "mine/here" not in detail
        assert "..." in detail

    def test_shows_no_secret(self) -> None:
        """Known secrets, keys and what is shaped like a secret are stars in the detail."""
        log = (
            f"key {MASTER} setting hunter22 AccountKey=abc123==;x GET /?code=zzzz&sig=yyyy Bearer abc.def "
            "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln exited with code=137"
        )
        app = App(
            {"GET /admin/functions": [Answer(200, [])], "POST iris/containerlogs": [Answer(200, log.encode())]},
        )

        detail = app.failure(timeout=1, secrets=("hunter22",)).detail

        for secret in (MASTER, "hunter22", "abc123", "zzzz", "yyyy", "abc.def", "eyJ"):
            assert secret not in detail
        assert "exited with code=137" in detail
        assert MASTER in app.ci.masked

    def test_gives_the_last_lines_of_a_long_log(self) -> None:
        """Only the tail is shown."""
        log = "\n".join(f"line {number}" for number in range(500))
        app = App({"GET /": [Answer(503)], "POST iris/containerlogs": [Answer(200, log.encode())]})

        lines = app.failure(timeout=1).detail.splitlines()

        assert "line 499" == lines[-1]
        assert len(lines) < 100


class TestRequests:
    def test_send_the_master_key_in_a_header(self) -> None:
        """Keys travel in headers, never in addresses, and only to the routes that need them."""
        app = App()
        app.verify()

        with_key = {asked.path for asked in app.asked if asked.headers.get("x-functions-key") == MASTER}

        assert {
            "/admin/host/status",
            "/admin/host/synctriggers",
            "/admin/functions",
            "/admin/functions/score/status",
            "/admin/functions/identity/status",
            "/api/swagger.json",
        } == with_key
        assert MASTER not in json.dumps([asked.query for asked in app.asked])
