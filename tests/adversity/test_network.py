"""The network: other ends that do not behave, certificates that are wrong, and proxies that stand in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest
import requests
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryMode
from azure.core.rest import HttpRequest

from functions_model.azure.errors import explain
from functions_model.azure.sending import CancelledTransport, PatientRetry
from functions_model.core.answers import AnswerUnreadable, whole
from functions_model.core.heads import HeadsAdapter
from functions_model.core.sending import new_session
from functions_model.core.unanswered import unanswered
from functions_model.registry.errors import breakdown
from support.adversity import Row, each
from support.peers import (
    closes,
    drips,
    encrypted_silence,
    expired,
    is_silent,
    nobody,
    not_yet_valid,
    of_another_name,
    of_known_clients,
    of_old_tls,
    peer,
    resets,
    says,
    tls_peer,
)

_SECONDS = 0.4
"""A client's patience here."""
_LONGEST = 8.0
_SECRET = "hunter22%21"
_AUTHORITY = "ca.pem"
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own network."""
    for name in (*_CERTIFICATES, *_PROXIES, *map(str.lower, _PROXIES)):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Peer:
    """Another end, and what is said of it.

    Attributes:
        runs: Runs it; given a folder for certificates, of which `ca.pem` is trusted where `trusts` says so.
        says: Parts of what is said.
        scheme: Of the address.
        host: That is asked for.
        passes: Whether another attempt may mend it.
        trusts: Whether its authority is trusted.
        as_proxy: Whether it is the proxy; its scheme.
    """

    runs: Callable[[Path], AbstractContextManager[int]]
    says: tuple[str, ...]
    scheme: str = "https"
    host: str = "localhost"
    passes: bool = False
    trusts: bool = True
    as_proxy: str = ""


def _plain(answer: Callable[..., None]) -> Callable[[Path], AbstractContextManager[int]]:
    return lambda _: peer(answer)


def _status(status: str) -> Callable[[Path], AbstractContextManager[int]]:
    head = f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"
    return _plain(says(head.encode()))


_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 200\r\n\r\n<html>Please log in</html>"
_proxied = partial(Peer, host="index.company.test", as_proxy="http")
ROWS = [
    Row(
        "nobody listens at the address",
        "the connection was refused; tried again",
        Peer(lambda _: nobody(), ("broke (Connection refused)",), "http", passes=True),
    ),
    Row(
        "the other end resets the connection behind the request",
        "told; tried again",
        Peer(_plain(resets), ("broke (Connection reset by peer)",), "http", passes=True),
    ),
    Row(
        "the other end hears the request and hangs up",
        "told; tried again",
        Peer(_plain(closes), ("it was closed without an answer",), "http", passes=True),
    ),
    Row(
        "a half-open connection: everything is heard, nothing is said",
        "the wait ends",
        Peer(_plain(is_silent), ("did not answer in time",), "http", passes=True),
    ),
    Row(
        "an SSH server listens at the port of a registry that is spoken to over http",
        "told as what it is; not tried again",
        Peer(_plain(says(b"SSH-2.0-OpenSSH_9.2\r\n")), ("does not speak HTTP there",), "http"),
    ),
    Row(
        "a name that no DNS knows",
        "told as a name; not tried again",
        Peer(lambda _: nullcontext(443), ("the name `registry.invalid`", "is not known"), host="registry.invalid"),
    ),
    Row(
        "the certificate is signed by an authority that nobody here knows, as a company's proxy shows it",
        "the variable for the authority's file is named; not tried again",
        Peer(tls_peer, ("is not trusted", "SSL_CERT_FILE"), trusts=False),
        "R3",
    ),
    Row("the certificate has expired", "told", Peer(expired, ("has expired", "clock"))),
    Row("the certificate begins to be valid next year", "told", Peer(not_yet_valid, ("not valid yet", "clock"))),
    Row(
        "the certificate is that of another host, as a captive portal shows it",
        "told, with the names",
        Peer(of_another_name, ("is for another name", "no proxy answers in its place")),
    ),
    Row(
        "the other end speaks TLS 1.1 at most",
        "told as what it is",
        Peer(of_old_tls, ("no version of TLS that is safe",)),
    ),
    Row(
        "the other end wants a client's certificate",
        "told",
        Peer(of_known_clients, ("wants a certificate of this machine",)),
    ),
    Row(
        "plain HTTP is spoken at the port for TLS",
        "told",
        Peer(_plain(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")), ("does not speak TLS there",)),
    ),
    Row(
        "the other end hangs up in the middle of the handshake",
        "told; tried again",
        Peer(_plain(closes), ("it was closed without an answer",), passes=True),
    ),
    Row(
        "the handshake is never answered",
        "the wait ends",
        Peer(_plain(is_silent), ("did not answer in time",), passes=True),
    ),
    Row(
        "the handshake succeeds, and then nothing comes",
        "the wait ends",
        Peer(encrypted_silence, ("did not answer in time",), passes=True),
    ),
    Row(
        "the proxy refuses the login of HTTPS_PROXY, or wants one (407)",
        "the form of the variable is shown, and not its password; not tried again",
        _proxied(_status("407"), ("wants a login", "NAME:PASSWORD@HOST")),
        "R3",
    ),
    Row(
        "the proxy forbids the host (403)",
        "told as the proxy's doing; not tried again",
        _proxied(_status("403"), ("the proxy does not let this machine reach `index.company.test", "NO_PROXY")),
    ),
    Row(
        "the proxy cannot reach the host (502)",
        "told as the proxy's doing; tried again",
        _proxied(_status("502"), ("the proxy could not reach `index.company.test", "(502)"), passes=True),
    ),
    Row(
        "the proxy answers CONNECT with a redirect to its login page",
        "told as the proxy's doing",
        _proxied(_status("302"), ("the proxy does not let this machine reach",)),
    ),
    Row(
        "the proxy answers CONNECT with 200 and a page of HTML",
        "told as a broken connection, with the proxy among what to check",
        _proxied(_plain(says(_PAGE)), ("it was closed without an answer", "the proxy, if there is one"), passes=True),
    ),
    Row(
        "the proxy takes the request and hangs",
        "the wait ends",
        _proxied(_plain(is_silent), ("did not answer in time", "the proxy, if there is one"), passes=True),
    ),
    Row(
        "the proxy hangs up behind CONNECT",
        "told; tried again",
        _proxied(_plain(closes), ("closed without an answer", "the proxy, if there is one"), passes=True),
    ),
    Row(
        "nobody listens at the proxy's address",
        "the proxy is named as what cannot be reached",
        _proxied(lambda _: nobody(), ("the proxy cannot be reached", "HTTPS_PROXY"), passes=True),
    ),
    Row(
        "HTTPS_PROXY begins with https://, and the proxy speaks plain HTTP",
        "the right beginning is told",
        _proxied(_status("400"), ("the proxy does not speak TLS", "`http://`"), as_proxy="https"),
    ),
]


@contextmanager
def _asked(case: Peer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address that leads to the other end."""
    with case.runs(folder) as port:
        if case.trusts and (folder / _AUTHORITY).exists():
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / _AUTHORITY))
        if case.as_proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"{case.as_proxy}://me:{_SECRET}@127.0.0.1:{port}")
        yield f"{case.scheme}://{case.host}{'' if case.as_proxy else f':{port}'}/v2/"


@each(ROWS)
def test_why_no_answer_came_is_told(row: Row[Peer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soon, with who and a way out, the same for a registry and for Azure, and without a password."""
    started = time.monotonic()
    with _asked(row.case, tmp_path, monkeypatch) as url, pytest.raises(requests.RequestException) as raised:
        new_session().get(url, timeout=_SECONDS)

    found = unanswered(raised.value)
    assert found
    failure, passing = breakdown(raised.value, "contoso.azurecr.io", "push")
    azure = explain(ServiceRequestError(raised.value, error=raised.value), "read it")
    for part in row.case.says:
        assert part in f"{found.what}. {found.remedy}"
    assert found.passes is passing is row.case.passes
    assert (found.what, found.remedy) == (azure.message, azure.remedy)
    assert failure.remedy == found.remedy
    assert "hunter22" not in f"{failure}{azure}"
    assert time.monotonic() - started < _LONGEST


def _head_that_drips(port: int) -> None:
    session = new_session()
    session.mount("http://", HeadsAdapter(more_seconds=_SECONDS))
    session.get(f"http://localhost:{port}/", timeout=_SECONDS)


def _proxy_that_drips(port: int) -> None:
    session = new_session()
    session.mount("https://", HeadsAdapter(more_seconds=_SECONDS))
    session.get("https://index.company.test/", timeout=_SECONDS, proxies={"https": f"http://127.0.0.1:{port}"})


def _body_that_drips(port: int) -> None:
    with new_session().get(f"http://localhost:{port}/", timeout=_SECONDS, stream=True) as answer:
        whole(answer, seconds=_SECONDS)


@dataclass(frozen=True)
class Drip:
    """What comes a letter at a time.

    Attributes:
        text: What comes at once, before.
        asks: Asks at a port.
    """

    text: bytes
    asks: Callable[[int], None]


DRIPS = [
    Row(
        "the status line of an answer comes a letter at a time, each within the timeout, and has no end",
        "the wait ends",
        Drip(b"HTTP/1.1 200 ", _head_that_drips),
    ),
    Row(
        "a header of an answer comes a letter at a time and has no end (slowloris)",
        "the wait ends",
        Drip(b"HTTP/1.1 200 OK\r\nX-Long: ", _head_that_drips),
    ),
    Row(
        "the proxy's answer to CONNECT comes a letter at a time and has no end",
        "the wait ends",
        Drip(b"HTTP/1.1 200 Connection established\r\nVia: ", _proxy_that_drips),
    ),
    Row(
        "the body of an answer comes a letter at a time and has no end",
        "the wait ends",
        Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", _body_that_drips),
    ),
]


@each(DRIPS)
def test_what_drips_is_not_read_for_ever(row: Row[Drip]) -> None:
    """Each letter comes within the time that a read may take."""
    started = time.monotonic()
    with peer(drips(row.case.text)) as port, pytest.raises((requests.RequestException, AnswerUnreadable)):
        row.case.asks(port)

    assert time.monotonic() - started < _LONGEST


def test_the_azure_sdk_is_bounded_in_the_same_way() -> None:
    """Its transport has the adapter with bounded heads, and does not wait five minutes for a connection."""
    with CancelledTransport() as transport:
        assert all(isinstance(adapter, HeadsAdapter) for adapter in transport.session.adapters.values())
        assert 30.0 == transport.connection_config.timeout


@pytest.mark.parametrize(("peer_of", "again"), [(nobody, True), (None, False)], ids=["refused", "unknown name"])
def test_the_azure_sdk_tries_again_what_may_pass(
    peer_of: Callable[[], AbstractContextManager[int]] | None, *, again: bool
) -> None:
    """A name that nobody knows, or a certificate that is not trusted, is told at once."""
    host, session = "localhost" if peer_of else "registry.invalid", new_session()
    with (peer_of or partial(nullcontext, 443))() as port, pytest.raises(requests.RequestException) as raised:
        session.get(f"http://{host}:{port}/", timeout=_SECONDS)
    policy = PatientRetry(lambda _: None, retry_mode=RetryMode.Exponential)
    settings, asked = (
        policy.configure_retries({}),
        SimpleNamespace(http_request=HttpRequest("GET", "https://management.azure.com")),
    )

    assert again is policy.increment(settings, asked, ServiceRequestError(raised.value, error=raised.value))


@pytest.mark.parametrize(("method", "again"), [("PATCH", True), ("PUT", True), ("POST", False)])
def test_a_connection_that_breaks_under_a_write_that_is_safe_twice(method: str, *, again: bool) -> None:
    """A PATCH of ours sets values; a POST may have swapped two slots."""
    sent: list[str] = []

    class Breaks:
        def send(self, request: HttpRequest, **_: object) -> object:
            sent.append(request.method)
            raise ServiceResponseError("broke", error=ConnectionResetError())

        def sleep(self, _: float) -> None:
            """Wait no moment."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Leave nothing open."""

    pipeline: Pipeline[HttpRequest, object] = Pipeline(cast("Any", Breaks()), [PatientRetry(lambda _: None)])
    with pytest.raises(ServiceResponseError):
        pipeline.run(HttpRequest(method, "https://management.azure.com"))

    assert again is (len(sent) > 1)
