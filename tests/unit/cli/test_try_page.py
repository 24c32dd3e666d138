"""The page of a `try`: who may ask its server, what browsers are told, and when one is opened."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import webbrowser
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from functions_model.ci.host import Facts
from functions_model.ci.plain import PlainHost
from functions_model.cli.callers import Sent
from functions_model.cli.try_page import Board, State, TryPage, open_page, serving_page
from functions_model.cli.try_page.board import Fault
from functions_model.cli.try_page.sending import Reply
from functions_model.cli.try_page.server import LARGEST
from functions_model.core.failures import NotLive
from support.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n\xff"


@dataclass(slots=True)
class Sends:
    """Keeps what it is sent, and answers with it, or fails."""

    error: Exception | None = None
    sent: list[Sent] = field(default_factory=list)

    def send(self, sent: Sent) -> Reply:
        self.sent.append(sent)
        if self.error:
            raise self.error
        return Reply(0.25, sent.body, 200, (("content-type", "image/png"),), raised="Ärger\nin zwei Zeilen")


@pytest.fixture
def sends() -> Sends:
    return Sends()


@pytest.fixture
def board() -> Board:
    return Board(State("iris-try"))


@pytest.fixture
def address(sends: Sends, board: Board) -> Iterator[str]:
    """Of the page."""
    with serving_page(TryPage(board, sends, lambda: Sent("sample.json", b'{"x": 1.0}', "application/json"))) as found:
        yield found


def _post(address: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> requests.Response:
    origin = address.partition("//")[2].partition("/")[0]
    own = {"Origin": f"http://{origin}", "X-Request-Name": "a%20b.png", "X-Request-Type": "image/png"}
    return requests.post(f"{address}send", data=body, headers={**own, **(headers or {})}, timeout=10)


class TestServer:
    """Who is let in, and what is answered."""

    def test_the_page_needs_nothing_from_elsewhere(self, address: str) -> None:
        """Its policy lets nothing else in, its scripts and styles have this answer's nonce, and no link leads out."""
        answer = requests.get(address, timeout=10)
        policy = answer.headers["Content-Security-Policy"]

        assert (200, "no-referrer", "no-store", "nosniff") == (
            answer.status_code,
            *(answer.headers[name] for name in ("Referrer-Policy", "Cache-Control", "X-Content-Type-Options")),
        )
        assert policy.startswith("default-src 'none'; script-src 'nonce-")
        assert "unsafe" not in policy
        assert 2 == answer.text.count(f'nonce="{policy.partition("nonce-")[2].partition(chr(39))[0]}"')
        assert "{nonce}" not in answer.text
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace('http: ""', "").replace(
            '"http"', ""
        )
        assert policy != requests.get(address, timeout=10).headers["Content-Security-Policy"]

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "evil.example:80"},
            {"Host": "127.0.0.1.evil.example:1"},
            {"Host": ""},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("way", ["GET", "POST"])
    def test_other_pages_are_refused(self, address: str, sends: Sends, headers: dict[str, str], way: str) -> None:
        """By a name that was made to lead here, from another origin, or as another site's request."""
        answer = (
            _post(address, headers=headers) if way == "POST" else requests.get(address, headers=headers, timeout=10)
        )

        assert (403, []) == (answer.status_code, sends.sent)

    def test_what_is_sent_without_an_origin_is_refused(self, address: str, sends: Sends) -> None:
        """Every browser tells one with a POST."""
        answer = requests.post(f"{address}send", data=b"{}", timeout=10)

        assert (403, []) == (answer.status_code, sends.sent)

    @pytest.mark.parametrize("path", ["", "send", "wrong/", "wrong/events", "favicon.ico"])
    def test_nobody_gets_in_without_the_token(self, address: str, path: str) -> None:
        """The beginning of the address alone is not enough."""
        host = address.rsplit("/", 2)[0]

        assert 404 == requests.get(f"{host}/{path}", timeout=10).status_code

    def test_a_forwarded_port_serves(self, address: str) -> None:
        """`ssh -L 9000:127.0.0.1:...`: the browser has another port, and its own origin."""
        forwarded = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}

        assert 200 == _post(address, headers=forwarded).status_code

    def test_a_request_goes_to_the_app(self, address: str, sends: Sends) -> None:
        """With its name and type; the answer is never a page of this address, whatever it says it is."""
        answer = _post(address, PNG)

        assert [Sent("a b.png", PNG, "image/png")] == sends.sent
        assert (200, PNG, "application/octet-stream") == (
            answer.status_code,
            answer.content,
            answer.headers["Content-Type"],
        )
        assert {
            "seconds": 0.25,
            "status": 200,
            "headers": [["content-type", "image/png"]],
            "said": "",
            "raised": "Ärger\nin zwei Zeilen",
        } == json.loads(answer.headers["X-Reply"])

    @pytest.mark.parametrize(
        ("error", "status", "words"),
        [
            (LookupError(), 409, "There is no app yet"),
            (
                NotLive("call iris-try", "no answer came", "Look."),
                502,
                "Could not call iris-try: no answer came. Look.",
            ),
            (OSError("secret"), 502, "Could not send it: OSError. See the log."),
        ],
    )
    def test_no_answer_is_told(self, address: str, sends: Sends, error: Exception, status: int, words: str) -> None:
        """A failure in its own words; anything else by its name alone."""
        sends.error = error
        answer = _post(address)

        assert (status, True) == (answer.status_code, answer.text.startswith(words)), answer.text

    def test_too_much_is_refused_before_it_is_read(self, address: str, sends: Sends) -> None:
        """With the way that works."""
        place = urlsplit(address)
        client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        client.putrequest("POST", f"{place.path}send")
        client.putheader("Origin", f"http://{place.netloc}")
        client.putheader("Content-Length", str(LARGEST + 1))
        client.endheaders()
        answer = client.getresponse()

        assert (413, True, []) == (answer.status, b"`curl`" in answer.read(), sends.sent)
        client.close()

    def test_the_sample_is_given_as_it_is(self, address: str) -> None:
        """A page that writes its number anew would send another one."""
        answer = requests.get(f"{address}sample", timeout=10)

        assert (b'{"x": 1.0}', "application/json") == (answer.content, answer.headers["X-Sample-Type"])

    def test_events_come_as_they_happen(self, address: str, board: Board) -> None:
        """The state at once, then each change; a browser that comes back gets the lines that it has missed."""
        log = board.noting(PlainHost(Screen()))
        log.info("first\nsecond")
        with requests.get(f"{address}events", headers={"Last-Event-ID": "1"}, stream=True, timeout=10) as answer:
            lines = answer.iter_lines(1, decode_unicode=True)
            begun = list(itertools.islice(lines, 8))
            threading.Timer(0.1, lambda: board.live("https://localhost:1/api/score")).start()
            then = list(itertools.islice(lines, 3))

        assert ["event: log", "id: 2", 'data: ["second"]', "", "event: state", "id: 2"] == begun[:6]
        told = json.loads(then[2].removeprefix("data: "))
        assert ("live", 1, "https://localhost:1/api/score") == (told["stage"], told["version"], told["url"])


class TestBoard:
    """What browsers are told."""

    def test_masked_values_are_not_in_its_log(self, board: Board) -> None:
        """Nor is anything that only a machine reads."""
        ci = board.noting(PlainHost(Screen()))
        ci.mask("hunter2-hunter2")
        ci.info("the key is hunter2-hunter2")
        ci.output("scoring-url", "https://localhost")

        assert 'data: ["the key is ***"]' in next(board.events())

    def test_a_failure_stays_until_the_next_change(self, board: Board) -> None:
        """The version counts only what was live."""
        board.live("https://localhost")
        board.changing(["score.py"])
        board.failed([Fault("it is torn", "score.py:3")])
        failed = board.state
        board.changing(["score.py"])
        board.live()

        assert ("failed", 1, ("score.py",)) == (failed.stage, failed.version, failed.changed)
        assert ("live", 2, (), "https://localhost") == (
            board.state.stage,
            board.state.version,
            board.state.faults,
            board.state.url,
        )

    def test_an_idle_page_hears_that_it_is_connected(self, board: Board) -> None:
        """A comment, which browsers leave out: so the server sees who has gone."""
        events = board.events(alive=0.01)

        assert [True, False] == ["state" in next(events) for _ in range(2)]


class Browser(webbrowser.BaseBrowser):
    """Keeps what it is to open."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.opened = threading.Event()

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.opened.set()
        return True


class TestOpenPage:
    """`open_page`."""

    @pytest.mark.parametrize(
        ("environ", "platform", "name", "opens"),
        [
            ({"DISPLAY": ":0"}, "linux", "firefox", True),
            ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "xdg-open", True),
            ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1"}, "linux", "firefox", True),
            ({}, "darwin", "", True),
            ({}, "linux", "firefox", False),
            ({"SSH_CONNECTION": "1"}, "darwin", "", False),
            ({"DISPLAY": ":0", "BROWSER": "none"}, "linux", "firefox", False),
            ({"DISPLAY": ":0"}, "linux", "/usr/bin/w3m", False),
        ],
    )
    def test_only_before_a_screen(self, environ: dict[str, str], platform: str, name: str, opens: bool) -> None:
        """Not far away without a display, not where nobody wants it, and no browser that takes the terminal."""
        chosen, facts = Browser(name), replace(PlainHost(Screen()).facts, has_terminal=True)
        said = open_page("http://127.0.0.1:1/t/", facts, environ, browser=lambda: chosen, platform=platform)

        assert (opens, opens) == (said, chosen.opened.wait(5 if opens else 0.05))

    def test_not_from_a_script_or_a_job(self) -> None:
        """Where the log is no terminal."""
        facts: Facts = PlainHost(Screen()).facts

        assert not open_page("http://127.0.0.1:1/t/", facts, {"DISPLAY": ":0"}, browser=lambda: Browser("firefox"))

    def test_without_any_browser(self) -> None:
        """The address is printed all the same."""

        def none() -> webbrowser.BaseBrowser:
            raise webbrowser.Error

        facts = replace(PlainHost(Screen()).facts, has_terminal=True)

        assert not open_page("http://127.0.0.1:1/t/", facts, {"DISPLAY": ":0"}, browser=none)
