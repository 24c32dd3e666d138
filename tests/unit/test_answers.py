"""Tests for answers of services: bounded in bytes and time, parsed into what must be there, told by who gave them."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from functions_model.core.answers import AnswerUnreadable, Said, whole
from functions_model.core.sending import new_session, seconds_asked
from functions_model.core.strict_json import parse_json
from support.fuzzing import DEEP
from support.raw_answers import answering, bomb, http

if TYPE_CHECKING:
    from collections.abc import Iterator

GATEWAY = b"<html><head><title>\n 502 Bad\tGateway </title></head><body>nginx</body></html>"


def said(body: bytes, status: int = 200, **headers: str) -> Said:
    """An answer in hand."""
    return Said("api.example", status, body, {"content-type": "application/json", **headers})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON|Expecting value"),
        (DEEP.encode(), "deeper than 200"),
        (b"[" * 300 + b"]" * 300, "deeper than 200"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "deeper than 200"),
        (b"NaN", "no number"),
        (b'{"ratio": -Infinity}', "no number"),
        (b"1e999", "no number"),
        (b"9" * 5000, "digits"),
        (b"\xff\xfe\x00", "not text"),
        ('"ä"'.encode("latin-1"), "not text"),
    ],
)
def test_what_is_not_json_is_a_value_error(body: bytes, words: str) -> None:
    """Whatever is wrong with it: the parser of Python raises four kinds of errors, and takes what is no JSON."""
    with pytest.raises(ValueError, match=words):
        parse_json(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_comes_in_each_encoding_of_unicode(encoding: str) -> None:
    """As some services of Windows write it, with a mark at its start."""
    assert parse_json('{"a": "ä"}'.encode(encoding)) == {"a": "ä"}


def test_half_a_character_becomes_a_question_mark() -> None:
    """It could be written into no log and no file. What is whole stays."""
    assert parse_json(rb'{"\ud800k": ["\udfff", "\ud83d\ude00"]}') == {"?k": ["?", "😀"]}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said(b""), "`api.example` answered with the status 200 and an empty body"),
        (said(b" \n"), "`api.example` answered with the status 200 and an empty body"),
        (said(b"null"), "`api.example` answered with the status 200 and `null`"),
        (said(b"[1]"), "`api.example` answered with the status 200 and a list"),
        (said(b'"x"'), "`api.example` answered with the status 200 and a text in quotes"),
        (said(b"oops `x`"), "`api.example` answered with the status 200 and a text that is not JSON, `oops 'x'`"),
        (said(b"\x00\xff"), "`api.example` answered with the status 200 and bytes that are not JSON"),
        (said(b"a\x1b[2Jb?sig=hunter2hunter2"), "a text that is not JSON, `a[2Jb?sig=***`"),
        (said(DEEP.encode()), "not JSON (it is nested deeper than 200 levels), `[[["),
        (
            said(GATEWAY, 502, server="nginx/1.25"),
            "a proxy or gateway (`nginx/1.25`) answered instead of `api.example` with the status 502",
        ),
        (
            said(GATEWAY, 502),
            "and a page of HTML, `502 Bad Gateway`",
        ),
        (said(b"<!-- x --> <HTML><h1>Stop</h1>"), "a page of HTML, `Stop`"),
        (said(b"<html><script>alert(1)</script>Log <b>in</b> &amp; go"), "a page of HTML, `Log in & go`"),
        (said(b"Squid", 407), "a proxy or gateway answered instead of `api.example` with the status 407"),
    ],
)
def test_what_is_no_mapping_is_told_by_who_said_it(answer: Said, reason: str) -> None:
    """Status, host, and the first words: without secrets, and without what a terminal obeys."""
    with pytest.raises(AnswerUnreadable) as caught:
        answer.mapping()
    assert reason in caught.value.reason
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (said(GATEWAY, 503), "Run again. If it happens again, ask who runs this network"),
        (said(GATEWAY, 403), "let this machine reach `api.example`"),
        (said(b"", 407), "`HTTPS_PROXY`"),
        (said(b"x", 500), "check that `api.example` is the service that is meant"),
    ],
)
def test_the_way_out_depends_on_who_answered(answer: Said, remedy: str) -> None:
    """A gateway's fault passes, a proxy's rule is its owner's, a login is ours."""
    assert remedy in answer.remedy


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """One of ours."""
    with new_session() as opened:
        yield opened


def asked(answer: bytes, session: requests.Session, **options: Any) -> requests.Response:
    """What our session makes of these bytes."""
    with answering(answer) as server:
        return session.get(server.url, timeout=5, **options)


def test_an_answer_is_read_packed_or_not(session: requests.Session) -> None:
    """By whoever asks for it whole; the host is the one that was asked."""
    body = json.dumps({"a": 1}).encode()
    for answer in (http(body), http(gzip.compress(body), headers={"Content-Encoding": "gzip"})):
        response = asked(answer, session)
        assert Said.of(response).mapping() == {"a": 1} == response.json()
        assert Said.of(response).host.startswith("127.0.0.1:")


@pytest.mark.parametrize("status", [200, 502])
def test_a_packed_answer_without_an_end_is_refused(session: requests.Session, status: int) -> None:
    """A megabyte over the line is a gigabyte here: not more than the limit is ever unpacked."""
    with pytest.raises(AnswerUnreadable, match=r"more than 64 MiB \(status"):
        asked(http(bomb(80), status, {"Content-Encoding": "gzip"}), session)


def test_a_streamed_answer_has_its_own_limit(session: requests.Session) -> None:
    """It is read where it is wanted, no further than that."""
    with answering(http(b"x" * 5000)) as server:
        assert len(whole(session.get(server.url, stream=True), 5000)) == 5000
        with pytest.raises(AnswerUnreadable, match="more than 4 KiB"):
            whole(session.get(server.url, stream=True), 4096)


def test_a_redirect_without_an_end_is_refused(session: requests.Session) -> None:
    """`requests` reads the body of each redirect before it follows, of a streamed one, too."""
    with pytest.raises(AnswerUnreadable, match="more than 64 MiB"):
        asked(http(bomb(80), 302, {"Content-Encoding": "gzip", "Location": "/x"}), session, stream=True)


def test_an_answer_that_drips_is_given_up(session: requests.Session) -> None:
    """Each byte is in time, and so no timeout of the socket ever strikes."""
    head = http(b"", length=1000)
    with answering([head, *[b" "] * 1000], pause=0.02) as server:
        started = time.monotonic()
        with pytest.raises(AnswerUnreadable, match="had no end"):
            whole(session.get(server.url, stream=True, timeout=5), seconds=0.2)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "answer",
    [
        http(status=302, headers={"Location": "http://[::1"}),
        http(status=302, headers={"Location": "http://host:99999999/"}),
        http(status=302, headers={"Location": "file:///etc/passwd"}),
        http(status=302, headers={"Location": "http://\xff\xfe.example:x/"}),
        http(b"{}", headers={"Content-Encoding": "gzip"}),
        http(b"{}", headers={"Content-Encoding": ", ".join(["gzip"] * 9)}),
        http(b"{}", length=10),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/9.9 200\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"",
    ],
)
@pytest.mark.parametrize("follows", [True, False])
def test_a_strange_answer_is_an_error_of_requests(session: requests.Session, answer: bytes, *, follows: bool) -> None:
    """Or an answer: whoever asks has one kind of error to expect."""
    with contextlib.suppress(requests.RequestException):
        asked(answer, session, allow_redirects=follows)


@pytest.mark.parametrize("value", ["abc", "²", "-5", "nan", "1e400", "9" * 5000, "5.5", "\u0661", None, ""])
def test_a_strange_wait_asks_for_none(value: str | None) -> None:
    """A number of ASCII, or a date: whatever else stands there says nothing."""
    assert seconds_asked(value) is None


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5), (" 7 ", 7), ("Wed, 21 Oct 2015 07:28:00 -0000", 0), ("9" * 300, 21600)]
)
def test_a_wait_is_read_as_services_write_it(value: str, seconds: int) -> None:
    """A date that is past asks for none; urllib3 cuts a long one."""
    assert seconds_asked(value) == seconds
