"""Why a request got no answer: one reading of what `requests`, urllib3, TLS and sockets raise, for every client."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.client import BadStatusLine, RemoteDisconnected
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError, ProxyError
from urllib3.exceptions import TimeoutError as TimedOut

from functions_model.core.answers import AnswerUnreadable

NAME_THE_AUTHORITY = (
    "If your company's proxy or an authority of your own signs it, name that authority's file (PEM) in the variable "
    "SSL_CERT_FILE."
)
_LOG_IN = "Write the login into HTTPS_PROXY: `http://NAME:PASSWORD@HOST:PORT`, with `%40` for `@`."
_LET_THROUGH = "Ask who runs the proxy to let it through; or name the host in NO_PROXY, if it is reached directly."
_ADDRESS = re.compile(r"https?://[^\s`)]+")
_WHERE = "Check its address and port, and that no proxy answers in its place."
_AGAIN = "Check the name, the network, and the proxy, if there is one; then run again."
_PORT = re.compile(r":\d+\Z")
_TUNNEL = re.compile(r"Tunnel connection failed: (?P<status>\d{3})")
_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
"""X509_V_ERR_* of openssl/openssl, include/openssl/x509_vfy.h.in."""
_TLS = (
    ("WRONG_VERSION_NUMBER|HTTP_REQUEST|UNKNOWN_PROTOCOL|PACKET_LENGTH", "does not speak TLS there"),
    (
        "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|LEGACY|VERSION_TOO_LOW",
        "speaks no version of TLS that is safe (1.2 or 1.3)",
    ),
    ("CERTIFICATE_REQUIRED|BAD_CERTIFICATE", "wants a certificate of this machine"),
    ("HANDSHAKE_FAILURE|NO_SHARED_CIPHER", "has no encryption in common with this machine"),
)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer.

    Attributes:
        what: A clause without a full stop. Never holds a secret.
        remedy: Whole sentences.
        passes: Whether another attempt may mend it.
    """

    what: str
    remedy: str
    passes: bool = True


_final = partial(Unanswered, passes=False)


def unanswered(error: BaseException, host: str = "") -> Unanswered | None:
    """What is behind a request that failed; None when it is not the network.

    Args:
        error: Of `requests`, or of a library above it.
        host: Who was asked; empty takes the one of the request, where the error names it.
    """
    causes = tuple(_chain(error))
    host = host or next(filter(None, map(_host_of, causes)), "")
    for reading in (_by_answer, _by_certificate, _by_proxy, _by_tls, _by_name, _by_time, _by_socket):
        if found := reading(causes, host):
            return found
    return None


def unanswered_in(words: str, host: str) -> Unanswered | None:
    """The same for what uv and py-rattler say, both by reqwest and rustls; None when it is not the network."""
    plain = _ADDRESS.sub("", words)  # an address such as `https://host/pypi-proxy/simple` says nothing of proxies
    for pattern, what, remedy in _OF_REQWEST:
        if re.search(pattern, plain, re.IGNORECASE):
            return _final(what.format(host=host), remedy)
    return None


_OF_REQWEST = (
    ("invalid peer certificate: UnknownIssuer", "the certificate of `{host}` is not trusted", NAME_THE_AUTHORITY),
    (
        "certificate(?:: | )expired|CertExpired",
        "the certificate of `{host}` has expired",
        "Ask who runs it to renew it; check this machine's clock.",
    ),
    (
        "certificate not valid (?:for|yet)|NotValidForName|NotValidYet|certificate: ",
        "the certificate of `{host}` is refused",
        "Check the name, this machine's clock and DNS, and that no proxy answers in its place.",
    ),
    ("proxy authorization required", "the proxy wants a login, or another one, for `{host}`", _LOG_IN),
    ("tunnel error: unsuccessful", "the proxy does not let this machine reach `{host}`, or cannot", _LET_THROUGH),
    ("tunnel error", "the proxy did not answer as a proxy does", "Check HTTPS_PROXY."),
    (
        "failed to lookup address",
        "the name `{host}`, or that of the proxy, is not known",
        "Check the name, HTTPS_PROXY, and this machine's DNS.",
    ),
)
"""In order: the first that is found counts."""


def why(error: BaseException) -> str:
    """The same in a few words; the error's kind, where it is not the network."""
    found = unanswered(error)
    return found.what if found else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what lies below it; urllib3 hides causes in arguments and in `reason`, the Azure SDK elsewhere."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        hidden = (getattr(current, name, None) for name in ("reason", "inner_exception", "original_error"))
        below = (current.__cause__, current.__context__, *hidden, *current.args)
        waiting += [cause for cause in below if isinstance(cause, BaseException)]


def _host_of(error: BaseException) -> str:
    if not isinstance(error, requests.RequestException):
        return ""
    try:
        return urlsplit(getattr(error.request, "url", "") or "").netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _by_answer(causes: tuple[BaseException, ...], _: str) -> Unanswered | None:
    """One that has no end is as good as none."""
    found = next((cause for cause in causes if isinstance(cause, AnswerUnreadable)), None)
    return None if found is None else _final(found.reason, found.remedy)


def _who(host: str) -> str:
    return f"`{host}`" if host else "the service"


def _by_certificate(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    found = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if found is None and not any("certificate verify failed" in str(cause).lower() for cause in causes):
        return None
    found = found or ssl.SSLCertVerificationError()  # the client of Service Bus keeps its words alone
    who, code, said = f"the certificate of {_who(host)}", getattr(found, "verify_code", 0), _said_of(found)
    if code == _EXPIRED:
        return _final(f"{who} has expired", "Ask who runs it to renew it; check this machine's clock.")
    if code == _NOT_YET:
        return _final(f"{who} is not valid yet", "Check this machine's clock.")
    if code in {_OTHER_NAME, _OTHER_ADDRESS}:
        remedy = "Check the name, this machine's DNS, and that no proxy answers in its place."
        return _final(f"{who} is for another name ({said})", remedy)
    if code and code not in _UNKNOWN_AUTHORITY:
        remedy = "Ask who runs it, or who made its authority, for certificates that keep to RFC 5280."
        return _final(f"{who}, or that of its authority, is refused ({said})", remedy)
    return _final(f"{who} is not trusted ({said})", NAME_THE_AUTHORITY)


def _said_of(error: ssl.SSLCertVerificationError) -> str:
    return str(getattr(error, "verify_message", "") or "certificate verify failed").rstrip(".")


def _by_proxy(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    proxy = (ProxyError, requests.exceptions.ProxyError)
    if not any(isinstance(cause, proxy) for cause in causes):
        return None
    said = " ".join(str(cause) for cause in causes)
    if found := _TUNNEL.search(said):
        return _by_status(found["status"], host)
    if "appears to only use HTTP" in said:
        return _final("the proxy does not speak TLS", "Begin its address in HTTPS_PROXY with `http://`.")
    below = tuple(cause for cause in causes if not isinstance(cause, proxy))
    if named := _by_name(below, host):
        what = "the name of the proxy is not known"
        return Unanswered(what, "Check HTTPS_PROXY, and this machine's DNS.", named.passes)
    if _by_time(below, host):
        return Unanswered(
            f"the proxy did not answer in time, asked for {_who(host)}", "Check HTTPS_PROXY and the network."
        )
    told = _strerror(below)
    what = f"the proxy cannot be reached, or broke off{f' ({told})' if told else ''}"
    return Unanswered(what, "Check HTTPS_PROXY, or name the host in NO_PROXY, if it is reached directly.")


def _by_status(status: str, host: str) -> Unanswered:
    if status == "407":
        what = f"the proxy wants a login, or another one, for {_who(host)} (407)"
        return _final(what, _LOG_IN)
    if int(status) < 500:
        return _final(f"the proxy does not let this machine reach {_who(host)} ({status})", _LET_THROUGH)
    return Unanswered(f"the proxy could not reach {_who(host)} ({status})", f"Check the name. {_LET_THROUGH}")


def _by_tls(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    found = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if found is None or isinstance(found, ssl.SSLWantReadError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return None
    for pattern, meaning in _TLS:
        if re.search(pattern, str(found)):
            return _final(f"{_who(host)} {meaning} ({found.reason or found})", _WHERE)
    return None


def _by_name(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    found = next((cause for cause in causes if isinstance(cause, socket.gaierror)), None)
    if found is None:
        return None
    passes = found.errno not in {socket.EAI_NONAME, socket.EAI_NODATA}
    name = f"`{_PORT.sub('', host)}`" if host else "of the service"
    return Unanswered(f"the name {name} is not known", "Check the name, and this machine's DNS.", passes)


def _by_time(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    late = (requests.Timeout, TimedOut, TimeoutError)
    # A connection that is refused is a kind of timeout to urllib3: `NewConnectionError` is a `ConnectTimeoutError`.
    if any(isinstance(cause, late) and not isinstance(cause, NewConnectionError) for cause in causes):
        return Unanswered(f"{_who(host)} did not answer in time", _AGAIN)
    return None


def _by_socket(causes: tuple[BaseException, ...], host: str) -> Unanswered | None:
    if not any(map(_is_broken, causes)):
        return None
    if any(isinstance(cause, BadStatusLine) and not isinstance(cause, RemoteDisconnected) for cause in causes):
        return _final(f"{_who(host)} does not speak HTTP there", _WHERE)
    closed = any(isinstance(cause, RemoteDisconnected | ssl.SSLEOFError) for cause in causes)
    told = "it was closed without an answer" if closed else _strerror(causes)
    what = f"the connection to {_who(host)} broke{f' ({told})' if told else ''}"
    return Unanswered(what, _AGAIN)


def _is_broken(cause: BaseException) -> bool:
    """Every exception of `requests` is an `OSError`, that of an address which cannot be read, too."""
    if isinstance(cause, requests.RequestException):
        return isinstance(cause, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)
    return isinstance(cause, OSError)


def _strerror(causes: tuple[BaseException, ...]) -> str:
    return next((cause.strerror for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror), "")
