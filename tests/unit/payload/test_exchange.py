"""Requests and answers between Functions and WSGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest
from werkzeug.wrappers import Request, Response

from functions_model.payload.exchange import answer_of, functions_response, wsgi_environ

if TYPE_CHECKING:
    from collections.abc import Iterator


def passed(url: str, path: str = "/score", *, hide_key: bool = True, body: bytes = b"", **headers: str) -> Request:
    """What the WSGI application sees of a request."""
    request = func.HttpRequest(
        "POST", url, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body
    )
    return Request(wsgi_environ(request, path, hide_key=hide_key))


def answered(response: Response) -> func.HttpResponse:
    """What the worker gets of a WSGI application's answer."""
    return functions_response(answer_of(response, wsgi_environ(func.HttpRequest("GET", "https://h/", body=b""), "/")))


class TestRequest:
    """`wsgi_environ`."""

    @pytest.mark.parametrize(
        ("url", "root", "path"),
        [
            ("https://h/api/score", "/api", "/score"),
            ("https://h/API/Score", "/API", "/score"),
            ("https://h/score", "", "/score"),
            ("https://h/a/b/score/", "/a/b", "/score"),
            ("https://h/elsewhere", "", "/score"),
        ],
    )
    def test_prefix_becomes_the_script_name(self, url: str, root: str, path: str) -> None:
        """The server sees its own path, and what stands before it as the script name."""
        request = passed(url)

        assert (root, path) == (request.environ["SCRIPT_NAME"], request.environ["PATH_INFO"])

    def test_function_may_have_a_path_of_its_own(self) -> None:
        """The server is asked on its own path, below the prefix of the function's."""
        request = Request(
            wsgi_environ(func.HttpRequest("POST", "https://h/api/check", body=b""), "/score", route="/check")
        )

        assert "https://h/api/score" == request.url

    def test_host_and_scheme_are_the_callers(self) -> None:
        """The url's host counts, not the header of the worker's own connection."""
        request = passed("https://contoso:8443/api/score", Host="127.0.0.1")

        assert ("https", "contoso:8443") == (request.scheme, request.host)

    @pytest.mark.parametrize(
        ("query", "left"),
        [
            ("code=k", ""),
            ("a=1&code=k&a=2", "a=1&a=2"),
            ("CODE=k&b", "b"),
            ("%63ode=k&c=%2F", "c=%2F"),
            ("barcode=1&code2=2", "barcode=1&code2=2"),
        ],
    )
    def test_key_leaves_the_query(self, query: str, left: str) -> None:
        """`code` goes, in any spelling that the host takes; the rest stays as it was sent."""
        assert left.encode() == passed(f"https://h/api/score?{query}").query_string

    def test_key_stays_where_there_is_none(self) -> None:
        """On an anonymous function nothing is a key."""
        request = passed("https://h/api/score?code=data", hide_key=False, x_functions_key="data")

        assert ("data", "data") == (request.args["code"], request.headers["x-functions-key"])

    def test_headers_of_the_connection_stay_behind(self) -> None:
        """Hop-by-hop headers go, those that `Connection` names as well, and the length is the body's."""
        headers: dict[str, Any] = {"Connection": "close, X-Hop", "X_Hop": "1", "Content_Length": "7"}
        request = passed("https://h/api/score", body=b"four", Upgrade="h2c", X_Kept="1", **headers)

        assert {"Host", "Content-Length", "X-Kept"} == set(request.headers.keys())
        assert 4 == request.content_length
        assert b"four" == request.get_data()

    def test_names_with_underscores_are_no_others(self) -> None:
        """What WSGI writes the same stays apart from the body's type, and is joined where both are headers."""
        given = {"Content-Type": "text/csv", "Content_Type": "no/type", "X-A": "1", "X_A": "2"}
        request = func.HttpRequest("POST", "https://h/api/score", headers=given, body=b"")
        environ = wsgi_environ(request, "/score")

        assert ("text/csv", "no/type", "1, 2") == tuple(
            environ[key] for key in ("CONTENT_TYPE", "HTTP_CONTENT_TYPE", "HTTP_X_A")
        )

    def test_text_of_the_url_comes_as_bytes_in_latin_1(self) -> None:
        """As PEP 3333 has it, so that every reader gets the same text."""
        request = passed("https://h/%C3%BCber/score?q=\u00fc")

        assert ("/\u00fcber", "\u00fc") == (request.root_path, request.args["q"])


class TestApplication:
    """`answer_of`."""

    def test_pieces_are_joined_and_closed(self) -> None:
        """Those that are written come first, and whatever happens the answer is closed."""
        closed = []

        class Pieces:
            def __iter__(self) -> Iterator[bytes]:
                yield from (b"b", b"c")

            def close(self) -> None:
                closed.append(True)

        def application(_: Any, start_response: Any) -> Any:
            start_response("299 Odd", [("X-A", "1")])(b"a")
            return Pieces()

        assert (299, [("X-A", "1")], b"abc") == answer_of(application, {})
        assert closed

    def test_no_body_is_copied(self) -> None:
        """Neither the caller's nor the application's: both may be large."""
        body, seen = b"large" * 1000, []

        def application(request: Request) -> Response:
            seen.append(request.get_data())
            return Response(body)

        request = func.HttpRequest("POST", "https://h/api/score", body=body)
        response = functions_response(answer_of(Request.application(application), wsgi_environ(request, "/score")))

        assert (True, True) == (seen[0] is body, response.get_body() is body)


class TestResponse:
    """`functions_response`."""

    def test_bytes_and_status_are_the_applications(self) -> None:
        """Nothing is decoded."""
        response = answered(Response(b"\xff\x00", 206, content_type="image/png"))

        assert (206, b"\xff\x00", "image/png") == (
            response.status_code,
            response.get_body(),
            response.headers["content-type"],
        )

    def test_repeated_headers_are_joined_but_cookies_are_not(self) -> None:
        """The worker keeps one value per name, except for cookies."""
        answer = Response(b"", headers=[("Link", "<a>"), ("link", "<b>"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        response = answered(answer)

        assert ["<a>, <b>"] == response.headers.getlist("Link")
        assert ["a=1", "b=2"] == response.headers.getlist("Set-Cookie")

    def test_length_and_connection_are_the_hosts_affair(self) -> None:
        """They go."""
        answer = Response(b"abc", headers={"Connection": "X-Hop", "X-Hop": "1", "Transfer-Encoding": "chunked"})
        response = answered(answer)

        assert ["Content-Type"] == list(dict(response.headers.items()))
