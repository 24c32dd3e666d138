"""What becomes of content: the answer's bytes, or a failure with its cause."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Request, Response

from functions_model.payload.content import Content
from functions_model.payload.scoring import ScoringFailed, score
from functions_model.payload.starting import Started, StartFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

CONTENT = Content("blob `in/a`", b"\xff\x00", "image/png", (("x-ms-meta-a", "1"),))


def scored(application: Callable[[Request], Response], content: Content = CONTENT, **environ: str) -> bytes:
    """The bytes that an application answers."""
    return score(content, Started(lambda: Request.application(application)), environ)


class TestScore:
    """`score`."""

    def test_content_is_posted(self) -> None:
        """Bytes, type and headers arrive as they are, at the app's own address."""
        seen: list[object] = []

        def application(request: Request) -> Response:
            seen.extend([request.method, request.url, request.content_type, request.headers["x-ms-meta-a"]])
            return Response(request.get_data()[::-1])

        for prefix, path in {"api": "/api/score", "models/v2": "/models/v2/score", "": "/score"}.items():
            seen.clear()
            host = "contoso.azurewebsites.net"
            assert b"\x00\xff" == scored(application, WEBSITE_HOSTNAME=host, SERVICE_PATH_PREFIX=prefix)
            assert ["POST", f"https://{host}{path}", "image/png", "1"] == seen

    def test_no_body_is_copied(self) -> None:
        """Neither the content nor the answer: both may be large."""
        large, seen = Content("blob `in/a`", b"large" * 1000, "image/png", ()), []

        def application(request: Request) -> Response:
            seen.append(request.get_data())
            return Response(large.body)

        assert scored(application, large) is large.body
        assert seen[0] is large.body

    @pytest.mark.parametrize("status", [200, 201, 302, 399])
    def test_answer_below_400_is_a_result(self, status: int) -> None:
        """Whatever the script chose."""
        assert b"done" == scored(lambda _: Response(b"done", status))

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ('{"message": "no  such\\ncolumn"}', "no such column"),
            ('{"error": 1}', '{"error": 1}'),
            ('"text"', '"text"'),
            ('{"message": 3}', '{"message": 3}'),
            (b"\xff plain", "\ufffd plain"),
            ("", ""),
            ("x" * 10_000, "x" * 500 + "..."),
            (json.dumps({"message": "y" * 10_000}), '{"message": "' + "y" * 487 + "..."),
        ],
    )
    def test_answer_from_400_up_is_raised(self, body: str | bytes, said: str) -> None:
        """With the status, and as much of the message as is useful."""
        with pytest.raises(ScoringFailed) as caught:
            scored(lambda _: Response(body, 422))

        assert f"Could not score blob `in/a`: status 422. {said}" == str(caught.value)

    @pytest.mark.parametrize("error", [SystemExit(3), ValueError("secret"), GeneratorExit()])
    def test_what_breaks_out_is_raised_as_a_failure(
        self, error: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Only an ordinary exception reaches the worker; the log has the cause, the text its name alone."""

        def broken(request: Request) -> Response:
            raise error

        with pytest.raises(ScoringFailed, match=f"raised {type(error).__name__}") as caught:
            scored(broken)

        assert "secret" not in str(caught.value)
        assert type(error).__name__ in caplog.text

    def test_failed_start_is_raised(self) -> None:
        """The failure's own text is in it."""

        def start() -> WSGIApplication:
            message = "Could not start the model: init() of the entry script failed (OSError)."
            raise StartFailed(message)

        with pytest.raises(ScoringFailed, match="init\\(\\) of the entry script failed"):
            score(CONTENT, Started(start, sleep=lambda _: None), {})
