"""An HTTP trigger with a script that takes raw requests: bytes as they are, and the server's own errors."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.triggers import RAW_SCRIPT, deploy

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

SCRIPT = RAW_SCRIPT.replace(
    "    return AMLResponse(request.get_data(False)",
    """\
    data = request.get_data(False)
    if data == b"boom":
        raise ValueError("asked to break")
    return AMLResponse(data""",
)


@pytest.fixture(scope="module")
def post(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], requests.Response]:
    """Posts bytes to the live function."""
    run = deploy(sandbox, tmp_path_factory.mktemp("http-raw"), SCRIPT, "http-raw", auth_level="anonymous")
    url, ca_file = run.outputs["scoring-url"], str(sandbox.endpoints.ca_bundle)
    return lambda body: requests.post(url, data=body, verify=ca_file, timeout=60)


class TestBytes:
    """A script with `@rawhttp`."""

    @pytest.mark.parametrize("body", [b"\xff\xfe\x00\x80", secrets.token_bytes(1024) * 50_000], ids=["small", "50 MB"])
    def test_come_through_as_they_are(self, post: Callable[[bytes], requests.Response], body: bytes) -> None:
        """Not valid UTF-8, and 50 MB, in and out."""
        answer = post(body)

        assert (200, "application/octet-stream") == (answer.status_code, answer.headers["content-type"])
        assert body == answer.content[::-1]

    def test_in_chunks_are_refused(self, post: Callable[[Any], requests.Response]) -> None:
        """They never arrive: the answer says so, and what to do; the next request is served."""
        answer = post(iter([b"first", b"second"]))
        after = post(b"all at once")

        assert (411, "application/json") == (answer.status_code, answer.headers["content-type"])
        assert {
            "message": "The body did not arrive: the Functions host drops bodies that come in chunks "
            "(Transfer-Encoding: chunked). Send it with a Content-Length."
        } == answer.json()
        assert b"all at once" == after.content[::-1]

    def test_a_run_that_raises_gives_the_servers_own_error(self, post: Callable[[bytes], requests.Response]) -> None:
        """Its status and body; nothing of the traceback."""
        answer = post(b"boom")

        assert answer.status_code == 500
        assert answer.json() == {
            "message": "An unexpected error occurred in scoring script. Check the logs for more info."
        }
