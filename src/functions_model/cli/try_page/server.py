"""The page's server, for this machine's own browser alone.

Other web pages that are open in the same browser must not drive it. Its paths begin with a token that only the printed
address has; it answers to its own name alone (a name of somebody else's that leads to 127.0.0.1 is refused); and it
takes a request from its own page alone.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from functions_model.cli.callers import Sent
from functions_model.cli.try_page.board import Board
from functions_model.cli.try_page.sending import Reply
from functions_model.core.failures import Failure

_PAGE = Path(__file__).with_name("page.html")
_HOST = "127.0.0.1"
_NAMES = frozenset({_HOST, "localhost"})
"""Whoever forwards the port to another machine reaches it by one of these, too, and by any port."""
LARGEST = 100 << 20
"""Bytes of a request. Azure's front end takes no more than 210,000,000 of one by HTTP; larger ones are for `curl`.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits."""
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self';"
    " img-src blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_BYTES = "application/octet-stream"


class Sends(Protocol):
    """Whoever has a request scored."""

    def send(self, sent: Sent) -> Reply:
        """Have it scored.

        Raises:
            LookupError: Nothing was deployed yet.
            Failure: No answer came.
        """


@dataclass(frozen=True, slots=True)
class TryPage:
    """What the server serves.

    Attributes:
        board: The state and the log.
        sends: Takes requests.
        sample: The sample request as it is now: its file's name, content type and content; None without one.
        token: The first part of each path.
    """

    board: Board
    sends: Sends
    sample: Callable[[], Sent | None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)


@contextmanager
def serving_page(page: TryPage) -> Iterator[str]:
    """Serve it for the length of the block, on a free port; its address."""
    server = ThreadingHTTPServer((_HOST, 0), partial(_Handler, page))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="page", daemon=True)
    thread.start()
    try:
        yield f"http://{_HOST}:{server.server_port}/{page.token}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One request; the connection ends with it."""

    server_version, sys_version = "functions-model", ""
    timeout = 60  # seconds for a browser to say what it wants, or to take what it gets

    def __init__(self, page: TryPage, *arguments: object) -> None:
        self._page = page
        super().__init__(*arguments)  # type: ignore[arg-type] # those of the server

    def do_GET(self) -> None:
        match self._route():
            case "":
                self._document()
            case "events":
                self._events()
            case "sample":
                self._sample()
            case str():
                self._say(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_POST(self) -> None:
        if self._route() != "send":
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._say(HTTPStatus.LENGTH_REQUIRED, "A request needs a Content-Length.")
        elif int(length) > LARGEST:
            limit = f"This page sends no more than {LARGEST >> 20} MB. Use the `curl` command in the terminal."
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)
        else:
            self._send(self.rfile.read(int(length)))

    def _route(self) -> str | None:
        """The path behind the token; None where the request is refused, which is said already."""
        if not self._is_own():
            self._say(HTTPStatus.FORBIDDEN, "Only the page that `functions-model try` has printed may ask here.")
            return None
        token, _, path = self.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self._page.token.encode()):
            self._say(HTTPStatus.NOT_FOUND, "Open the whole address that `functions-model try` has printed.")
            return None
        return path

    def _is_own(self) -> bool:
        """Whether the page itself asks, or whoever has typed its address: no other site, and by no other name."""
        host = self.headers.get("Host", "")
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "same-origin")
        if host.rpartition(":")[0] not in _NAMES or site not in {"same-origin", "none"}:
            return False
        return origin == f"http://{host}" or (origin is None and self.command == "GET")

    def _document(self) -> None:
        nonce = secrets.token_urlsafe(16)
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
        text = _PAGE.read_text(encoding="utf-8").replace("{nonce}", nonce)
        self._answer(HTTPStatus.OK, text.encode(), "text/html; charset=utf-8", policy)

    def _events(self) -> None:
        self._head(HTTPStatus.OK, "text/event-stream", {})
        last = self.headers.get("Last-Event-ID", "")
        with suppress(OSError):  # the browser has gone
            for event in self._page.board.events(int(last) if last.isdecimal() else 0):
                self.wfile.write(event.encode())

    def _sample(self) -> None:
        if (sample := self._page.sample()) is None:
            self._say(HTTPStatus.NOT_FOUND, "There is no sample request.")
        else:
            self._answer(HTTPStatus.OK, sample.body, _BYTES, {"X-Sample-Type": sample.content_type})

    def _send(self, body: bytes) -> None:
        name, content_type = unquote(self.headers.get("X-Request-Name", "")), self.headers.get("X-Request-Type", "")
        try:
            reply = self._page.sends.send(Sent(name or "request", body, content_type or _BYTES))
        except LookupError:
            self._say(HTTPStatus.CONFLICT, "There is no app yet: its first deployment is not done.")
        except Failure as failure:
            self._say(HTTPStatus.BAD_GATEWAY, str(failure))
        except Exception as error:  # noqa: BLE001 - the log has its own end; the page must say that there is none here
            self._say(HTTPStatus.BAD_GATEWAY, f"Could not send it: {type(error).__name__}. See the log.")
        else:
            told = {name: value for name, value in asdict(reply).items() if name != "body"}
            # As bytes, whatever it is: nothing that a script answers is a page of this address.
            self._answer(HTTPStatus.OK, reply.body, _BYTES, {"X-Reply": json.dumps(told)})

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8", {})

    def _answer(self, status: HTTPStatus, body: bytes, content_type: str, more: dict[str, str]) -> None:
        with suppress(OSError):
            self._head(status, content_type, {**more, "Content-Length": str(len(body))})
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, content_type: str, more: dict[str, str]) -> None:
        quiet = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
        self.send_response(status)
        for name, value in ({"Content-Type": content_type} | quiet | more).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        """Nothing: the terminal is the app's."""
