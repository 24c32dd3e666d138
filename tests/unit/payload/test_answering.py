"""Whatever happens, the caller gets an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest
from werkzeug.wrappers import Request, Response

from functions_model.payload.answering import answer
from functions_model.payload.starting import Started, StartFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

REQUEST = func.HttpRequest("GET", "https://h/api/score?code=k&a=1", body=b"")


def served(application: Callable[[Request], Response], level: str = "function") -> func.HttpResponse:
    """The answer of an application."""
    started = Started(lambda: Request.application(application))
    return answer(REQUEST, "/score", started, {"FUNCTIONS_MODEL_AUTH_LEVEL": level})


class TestAnswer:
    """`answer`."""

    def test_application_answers(self) -> None:
        """Its answer is passed on."""
        assert b"/score a=1" == served(lambda r: Response(f"{r.path} {r.query_string.decode()}")).get_body()

    def test_level_decides_what_code_means(self) -> None:
        """On an anonymous function `code` is data."""
        assert b"code=k&a=1" == served(lambda r: Response(r.query_string), "anonymous").get_body()

    @pytest.mark.parametrize("error", [SystemExit(3), ValueError("secret"), GeneratorExit()])
    def test_what_breaks_out_becomes_500(self, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
        """Nothing that the application raises reaches the worker; the log has it, the answer does not."""

        def broken(request: Request) -> Response:
            raise error

        response = served(broken)

        assert 500 == response.status_code
        assert "application/json" == response.mimetype
        assert "secret" not in response.get_body().decode()
        assert type(error).__name__ in caplog.text

    def test_refuses_a_body_that_was_dropped(self) -> None:
        """Not even `init()` is waited for; what did arrive is scored, whatever its headers say."""

        def failing() -> Any:
            raise AssertionError

        headers = {"Transfer-Encoding": "gzip, Chunked"}
        dropped = func.HttpRequest("POST", "https://h/api/score", headers=headers, body=b"")
        whole = func.HttpRequest("POST", "https://h/api/score", headers=headers, body=b"all")
        refused = answer(dropped, "/score", Started(failing), {"FUNCTIONS_MODEL_BUILD_ID": "build-1"})
        scored = answer(whole, "/score", Started(lambda: Request.application(lambda r: Response(r.get_data()))), {})

        assert (411, "build-1") == (refused.status_code, refused.headers["x-functions-model-build"])
        assert "Send it with a Content-Length." in json.loads(refused.get_body())["message"]
        assert b"all" == scored.get_body()

    def test_tells_the_build(self) -> None:
        """In a header, whatever the answer is."""
        environ = {"FUNCTIONS_MODEL_BUILD_ID": "build-1"}
        started = Started(lambda: Request.application(lambda _: Response("well")))

        assert "build-1" == answer(REQUEST, "/score", started, environ).headers["x-functions-model-build"]

    def test_failed_start_is_told(self) -> None:
        """The failure's text is the answer."""

        def start() -> WSGIApplication:
            raise StartFailed("Could not start the model: init() of the entry script failed (OSError).")

        response = answer(REQUEST, "/score", Started(start), {"FUNCTIONS_MODEL_BUILD_ID": "build-1"})

        assert "build-1" == response.headers["x-functions-model-build"]
        assert 500 == response.status_code
        assert "init() of the entry script failed" in json.loads(response.get_body())["message"]
