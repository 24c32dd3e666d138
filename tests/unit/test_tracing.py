"""What is told of requests and tools where people have asked for it."""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from functions_model.core.secrets import Secret
from functions_model.core.sending import new_session
from functions_model.core.tracing import trace, traced, tracing
from functions_model.environment.request import IndexSettings
from functions_model.environment.uv_process import UvRefused, run_uv
from functions_model.registry.access import Access
from functions_model.registry.client import Call, RegistryClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def host() -> Iterator[str]:
    """Redirects `/v2/a` to an address with a signature, and answers everything else with an id."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            moved = self.path.startswith("/v2/a")
            self.send_response(307 if moved else 200)
            self.send_header("Location", "/blob?sig=s1gn4ture")
            self.send_header("X-Ms-Request-Id", "c-7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


class TestRequests:
    """Each request of ours, whoever sends it."""

    def test_to_a_registry(self, host: str) -> None:
        """Each redirect by itself, with method, path, status, time and the id that support asks for; no query."""
        told: list[str] = []

        with tracing(told.append):
            RegistryClient(host).call(Call("GET", "/v2/a/blobs/x?n=1", Access("a"), "read", redirects=True))

        place = re.escape(host)
        expected = [("/v2/", 200), ("/v2/a/blobs/x", 307), ("/blob", 200)]
        found = [re.fullmatch(rf"GET {place}(\S+) (\d+), \d+ ms, request id c-7", line) for line in told]
        assert [(one[1], int(one[2])) for one in found if one] == expected
        assert "s1gn4ture" not in "".join(told)

    def test_without_an_answer(self) -> None:
        """As when nobody listens; a login in the address is left out."""
        told: list[str] = []

        with tracing(told.append), pytest.raises(requests.ConnectionError):
            new_session().get("http://me:hunter2@127.0.0.1:9/x")

        assert re.fullmatch(r"GET 127\.0\.0\.1:9/x no answer, \d+ ms", told[0])

    def test_are_told_to_nobody_who_has_not_asked(self) -> None:
        """No line is made, and none after the end."""
        told: list[str] = []

        with tracing(told.append), traced("GET", "https://x.test/"):
            pass
        with traced("GET", "https://x.test/"):
            trace(lambda: pytest.fail("it was made"))

        assert len(told) == 1


class TestTools:
    """Programs that a run starts."""

    def test_uv_with_its_indexes_and_without_their_logins(self, tmp_path: Path) -> None:
        """The line that one could try by hand."""
        told: list[str] = []
        indexes = IndexSettings(index=Secret("https://me:hunter22@x.test/t0k3n-t0k3n/simple"))
        environ = {"UV_INDEX": "https://t0ps3cret@y.test/simple", "UV_OFFLINE": "1", "PATH": "/bin"}

        with tracing(told.append), contextlib.suppress(UvRefused):
            run_uv(["compile", "requirements.in"], cwd=tmp_path, environ=environ, indexes=indexes)

        assert re.search(r"UV_INDEX=https://\*\*\*@y\.test/simple UV_OFFLINE=1 uv pip compile requirements.in", told[0])
        assert not re.search("hunter22|t0k3n|t0ps3cret|PATH", "".join(told))
