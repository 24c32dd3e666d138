"""Gets what a registry wants to see in the Authorization header, and keeps it while it holds.

Docker's token protocol: https://distribution.github.io/distribution/spec/auth/token/
Azure's exchange before it: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any

import requests
from requests.utils import parse_dict_header

from functions_model.core.failures import RegistryFailed
from functions_model.core.secrets import RegistryLogin
from functions_model.core.tokens import claims_of
from functions_model.registry.access import Access, Credential, EntraExchange
from functions_model.registry.errors import RegistryRefused

_KEPT = 0.8
"""Share of its life that a token is used for: the rest is for the request that carries it."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
"""What a header can carry: https://www.rfc-editor.org/rfc/rfc6750#section-2.1."""
_LONGEST = 365 * 86_400
"""Seconds: no token lives as long."""
_SHORTEST = 60.0
"""Seconds; what the protocol says of a token that tells nothing about its life."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks for in a WWW-Authenticate header.

    Attributes:
        realm: Where tokens are given out.
        service: What the token service calls the registry.
    """

    realm: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    value: str
    until: float


class Tokens:
    """What to put into the Authorization header, per access. Safe to use from several threads.

    Args:
        host: The registry.
        credential: None for anonymous.
        ask: Sends a request to a token service: method, address, what is being done, for what access, fields; `proof`
            goes into its Authorization header. Gives the JSON object of its answer, or raises RegistryFailed.
        root: Gives the registry's own address, `https://host`.
        clock: Seconds, of any origin.
        mask: Told every token before it is used.
    """

    def __init__(
        self,
        host: str,
        credential: Credential | None,
        ask: Callable[..., dict[str, Any]],
        *,
        root: Callable[[], str],
        clock: Callable[[], float],
        mask: Callable[[str], None],
    ) -> None:
        self._host = host
        self._credential = credential
        self._ask = ask
        self._root = root
        self._clock = clock
        self._mask = mask
        self._challenge: Challenge | None = None
        self._held: dict[Access, _Kept] = {}
        self._refresh: _Kept | None = None
        self._lock = RLock()

    def learn(self, response: requests.Response) -> bool:
        """Take note of what an answer asks for. False when it does not ask for anything that we can give."""
        challenge = parse_challenge(response.headers.get("WWW-Authenticate", ""))
        if challenge is None:
            return False
        with self._lock:
            self._challenge = challenge
        return True

    def header(self, access: Access) -> str:
        """The header's value; empty until the registry asks for one.

        Raises:
            RegistryFailed: The token service refused.
        """
        with self._lock:
            challenge = self._challenge
            if challenge is None and isinstance(self._credential, EntraExchange):
                # Azure's challenge is known beforehand, which saves a request that would be refused.
                challenge = Challenge(f"{self._root()}/oauth2/token", self._host)
            if challenge is None:
                return ""
            kept = self._kept(access)
            if kept is None:
                kept = self._held[access] = self._get(challenge, access)
            return f"Bearer {kept.value}"

    def drop(self, used: str) -> bool:
        """Forget a header that was refused. True when another, or a first one, can be had."""
        with self._lock:
            self._held = {held: kept for held, kept in self._held.items() if used != f"Bearer {kept.value}"}
            return self._challenge is not None

    def _kept(self, access: Access) -> _Kept | None:
        """A token that is good for it, be it one that is good for more."""
        now = self._clock()
        good = (kept for held, kept in self._held.items() if kept.until > now and held.covers(access))
        return next(good, None)

    def _get(self, challenge: Challenge, access: Access) -> _Kept:
        try:
            return self._fetch(challenge, access)
        except RegistryRefused:
            if not access.mount_from:
                raise
            # One may go without mounting, so a repository that this login may not read must not stop it.
            return self._fetch(challenge, replace(access, mount_from=()))

    def _fetch(self, challenge: Challenge, access: Access) -> _Kept:
        action = f"get a token for `{self._host}/{access.repository}`"
        service = challenge.service or self._host
        if isinstance(self._credential, EntraExchange):
            document = self._exchange(self._credential, service, action, access)
        else:
            # The realm may be anywhere: what goes there is what was given for this registry alone, as Docker does it.
            proof = _basic(self._credential) if self._credential else ""
            fields = [("service", service), *(("scope", scope) for scope in access.scopes)]
            document = self._ask("GET", challenge.realm, action, access, fields, proof=proof)
        return self._keep(document, ("token", "access_token"), action)

    def _exchange(self, credential: EntraExchange, service: str, action: str, access: Access) -> dict[str, Any]:
        """Only ever at the registry itself: the Entra token must not follow a realm that points elsewhere."""
        if self._refresh is None or self._refresh.until <= self._clock():
            fields = [("grant_type", "access_token"), ("service", service), ("access_token", credential.token())]
            url = f"{self._root()}/oauth2/exchange"
            self._refresh = self._keep(self._ask("POST", url, action, access, fields), ("refresh_token",), action)
        fields = [
            ("grant_type", "refresh_token"),
            ("service", service),
            ("scope", " ".join(access.scopes)),
            ("refresh_token", self._refresh.value),
        ]
        return self._ask("POST", f"{self._root()}/oauth2/token", action, access, fields)

    def _keep(self, document: dict[str, Any], names: tuple[str, ...], action: str) -> _Kept:
        value = next((found for name in names if isinstance(found := document.get(name), str) and found), None)
        if value is None or not _TOKEN.fullmatch(value):
            what = f"the token service answered {'with something that is no token' if value else 'without a token'}"
            raise RegistryFailed(action, what, "Check that the host is a container registry.")
        self._mask(value)
        seconds = _seconds(document.get("expires_in")) or life_of(value) or _SHORTEST
        return _Kept(value, self._clock() + _KEPT * max(seconds, _SHORTEST))


def _seconds(told: object) -> float | None:
    """How long a token lives, where the answer says so in a number."""
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 < told < _LONGEST:
        return float(told)
    return None


def _basic(login: RegistryLogin) -> str:
    pair = f"{login.username}:{login.password.reveal()}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def parse_challenge(header: str) -> Challenge | None:
    """What a WWW-Authenticate header asks for; None when that is no bearer token."""
    scheme, _, rest = header.strip().partition(" ")
    parsed: dict[str, str | None] = parse_dict_header(rest)  # type: ignore[no-untyped-call]
    fields = {key.lower(): value or "" for key, value in parsed.items()}
    if scheme.lower() == "bearer" and fields.get("realm"):
        return Challenge(fields["realm"], fields.get("service", ""))
    return None


def life_of(token: str) -> float | None:
    """Seconds between a JSON web token's issue and its end, read without checking it; None when it does not say."""
    claims = claims_of(token)
    try:
        return float(claims["exp"]) - float(claims.get("iat") or claims["nbf"])
    except (ValueError, LookupError, TypeError, OverflowError):
        return None
