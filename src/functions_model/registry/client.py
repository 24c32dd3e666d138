"""A client of the OCI distribution API: one connection pool, tokens that are kept, failures that say what to do.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from functions_model.core.answers import AnswerUnreadable, Said, host_of
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import RegistryFailed
from functions_model.core.sending import PASSING, AttemptFailed, Retries, new_session, seconds_asked
from functions_model.registry.access import Access, Credential, EntraExchange
from functions_model.registry.errors import NO_REGISTRY, RegistryRefused, breakdown, refusal
from functions_model.registry.tokens import Tokens

PARALLEL = 4
"""Blobs under way at once: more gains nothing against a registry, and its rate limits are per client."""
_TIMEOUTS = (30.0, 300.0)
"""Seconds to connect (and for a block to be taken), and to wait for an answer: a registry that commits a layer of many
gigabytes reads all of it once more before it answers."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the distribution API.

    Attributes:
        method: HTTP's.
        path: Below the registry's root, or a whole address that the registry gave.
        access: What it needs a token for.
        action: What is being done, as it follows "Could not".
        accepted: Statuses that are an answer.
        again: Further statuses that another attempt may mend.
        body: Sent once when it is not bytes.
        stream: Whether the answer's body is read by the caller.
        redirects: Whether the answer may come from elsewhere, without our token.
    """

    method: str
    path: str
    access: Access
    action: str
    accepted: frozenset[int] = frozenset({200})
    again: frozenset[int] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes | memoryview] | None = None
    stream: bool = False
    redirects: bool = False


class RegistryClient:
    """Speaks to one registry. Safe to use from several threads.

    The variable REQUESTS_CA_BUNDLE names certificates to trust, and the usual proxy variables hold. Plain http is only
    spoken with registries on this machine, and only when they do not speak https, as Docker does it.

    Args:
        host: With a port where there is one.
        credential: None for anonymous.
        session: For a transport of one's own.
        clock: Seconds, of any origin.
        sleep: Waits for some seconds.
        mask: Told every token before it is used: pass the CI host's `mask`.
        retries: How often and how long to try.
    """

    def __init__(
        self,
        host: str,
        credential: Credential | None = None,
        *,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        mask: Callable[[str], None] = lambda _: None,
        retries: Retries | None = None,
    ) -> None:
        self.host = host
        self.retries = retries or Retries()
        self.sleep = sleep
        self._session = session or new_session(pool_maxsize=2 * PARALLEL)
        self._abac = credential.abac if isinstance(credential, EntraExchange) else None
        self._tokens = Tokens(host, credential, self._ask, root=self.root, clock=clock, mask=mask)
        self._root = "" if _is_local(f"//{host}") else f"https://{host}"
        self._probing, self._counting = Lock(), Lock()
        self._count = 0

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, those for tokens included."""
        return self._count

    def root(self) -> str:
        """The registry's address, `https://host`; a local registry is asked once whether it speaks https.

        Raises:
            RegistryFailed: A local registry does not answer at all.
        """
        if not self._root:
            with self._probing:
                self._root = self._root or self.retries.persist(self._probe, self.sleep)
        return self._root

    def call(self, call: Call) -> requests.Response:
        """The answer to a call, tried as often as may be. For calls whose body is bytes, or nothing.

        Raises:
            RegistryFailed: Refused, or broken off too often.
        """
        return self.retries.persist(lambda: self.attempt(call), self.sleep)

    def attempt(self, call: Call) -> requests.Response:
        """The answer to a call, tried once. A token that was refused is replaced, and the call made again.

        Raises:
            AttemptFailed: Another attempt may mend it. A body that is not bytes must be made anew for it.
            RegistryFailed: It will not.
        """
        response, used = self._send(call)
        if response.status_code == 401:
            self._tokens.learn(response)
            if self._tokens.drop(used):
                if not (call.body is None or isinstance(call.body, bytes)):
                    raise AttemptFailed(self._refusal(response, call.action, call.access))
                response.close()
                response, _ = self._send(call)
        if response.status_code in call.accepted:
            return response
        worded = self._worded(call, response)
        failure = self._refusal(worded, call.action, call.access)
        for one in (worded, response):
            one.close()
        if response.status_code in PASSING | call.again:
            raise AttemptFailed(failure, seconds_asked(response.headers.get("Retry-After")))
        raise failure

    def address(self, location: str) -> str:
        """A whole address from what a Location header holds; the registry's own is never left for plain http.

        Raises:
            ValueError: It cannot be read, or leads elsewhere without encryption.
        """
        root = urlsplit(self.root())
        parts = urlsplit(location)
        if parts.scheme and not parts.netloc:
            raise ValueError(f"`{parts.scheme}` without a host")
        if not parts.netloc or parts.netloc == root.netloc:
            parts = parts._replace(scheme=root.scheme, netloc=root.netloc)
        if parts.scheme not in {"https", root.scheme} or parts.port == 0:
            raise ValueError(f"`{parts.scheme}` is not spoken")
        return urlunsplit(parts)

    def _refusal(self, response: requests.Response, action: str, access: Access | None) -> RegistryRefused:
        return refusal(response, self.host, action, access, abac=self._abac)

    def _worded(self, call: Call, response: requests.Response) -> requests.Response:
        """The refusal with its words: an answer to HEAD has none, and a firewall's would pass for a missing role."""
        if call.method != "HEAD" or response.status_code != 403:
            return response
        worded, _ = self._send(replace(call, method="GET", stream=True))
        if worded.status_code == response.status_code:
            return worded
        worded.close()
        return response

    def _send(self, call: Call) -> tuple[requests.Response, str]:
        url = self.address(call.path)
        own = urlsplit(url).netloc == self.host
        header = self._tokens.header(call.access) if own else ""
        headers = {**call.headers, **({"Authorization": header} if header else {})}
        return self._exchange(call.method, url, call.action, call, headers=headers, data=call.body), header

    def _ask(
        self, method: str, url: str, action: str, access: Access, fields: list[tuple[str, str]], *, proof: str = ""
    ) -> dict[str, Any]:
        """One request to a token service; `proof` goes into its Authorization header."""
        try:
            parts = urlsplit(url)
            encrypted, local = parts.scheme == "https", _is_local(url) and _is_local(f"//{self.host}")
        except ValueError as error:
            what = f"`{self.host}` wants tokens of an address that cannot be read"
            raise RegistryFailed(action, what, NO_REGISTRY) from error
        # A registry elsewhere has nothing to look for on this machine: its token service would be a service of ours.
        if not encrypted and not local:
            what = f"`{self.host}` wants tokens of `{host_of(url)}` without encryption"
            raise RegistryFailed(action, what, "Use a registry whose token service speaks https.")
        place = "params" if method == "GET" else "data"
        headers = {"Authorization": proof} if proof else {}

        def attempt() -> dict[str, Any]:
            response = self._exchange(method, url, action, headers=headers, **{place: fields})
            if response.status_code == 200:
                return _document(response, action)
            failure = self._refusal(response, action, access)
            if response.status_code in PASSING:
                raise AttemptFailed(failure, seconds_asked(response.headers.get("Retry-After")))
            raise failure

        return self.retries.persist(attempt, self.sleep)

    def _exchange(
        self, method: str, url: str, action: str, call: Call | None = None, /, **options: Any
    ) -> requests.Response:
        self._counted()
        # A digest is that of the bytes as they are: a layer that is packed on the way would be another one.
        options["headers"] = {"Accept-Encoding": "identity", **options["headers"]}
        try:
            return self._session.request(
                method,
                url,
                auth=_as_given,
                timeout=_TIMEOUTS,
                stream=bool(call and call.stream),
                allow_redirects=bool(call and call.redirects),
                **options,
            )
        except requests.RequestException as error:
            failure, passing = breakdown(error, self.host, action)
            raise (AttemptFailed(failure) if passing else failure) from error

    def _counted(self) -> None:
        with self._counting:
            self._count += 1

    def _probe(self) -> str:
        """One request; over http only when nobody speaks TLS. A certificate that is not trusted stays an error."""
        action = f"reach the registry `{self.host}`"
        root = f"{'https' if speaks_tls(self.host, _TIMEOUTS[0]) else 'http'}://{self.host}"
        try:
            answer = self._session.get(f"{root}/v2/", auth=_as_given, timeout=_TIMEOUTS, allow_redirects=False)
        except requests.RequestException as error:
            failure, passing = breakdown(error, self.host, action)
            raise (AttemptFailed(failure) if passing else failure) from error
        self._counted()
        self._tokens.learn(answer)
        return root


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leaves the headers alone: without it, requests would put an entry of ~/.netrc in place of our token."""
    return request


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _document(response: requests.Response, action: str) -> dict[str, Any]:
    try:
        return Said.of(response).mapping()
    except AnswerUnreadable as error:
        raise RegistryFailed(action, error.reason, error.remedy) from error


def speaks_tls(host: str, timeout: float) -> bool:
    """Whether a handshake succeeds, with whatever certificate. Loads no certificates, so it takes a millisecond.

    Nothing is trusted by it: the requests that follow check the certificate.

    Args:
        host: With a port where there is one; 443 else.
        timeout: Seconds.
    """
    parts = urlsplit(f"//{host}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            CANCEL.request(writes=False),
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except OSError:
        return False
