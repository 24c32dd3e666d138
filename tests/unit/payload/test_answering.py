"""Whatever happens, the caller gets an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import azure.functions as func
import pytest
from werkzeug.wrappers import Request, Response

from functions_model.payload.answering import answer
from functions_model.payload.starting import Started, StartFailed

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def test_failed_start_is_told(self) -> None:
        """The failure's text is the answer."""

        def start() -> object:
            raise StartFailed("Could not start the model: init() of the entry script failed (OSError).")

        response = answer(REQUEST, "/score", Started(start), {})

        assert 500 == response.status_code
        assert "init() of the entry script failed" in json.loads(response.get_body())["message"]
