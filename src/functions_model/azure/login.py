"""Tokens, one request for each, masked as soon as they exist: by a secret, an identity token, `az` or the machine."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from functions_model.azure.cloud import Cloud
from functions_model.azure.login_errors import explain_login
from functions_model.ci.host import CiHost
from functions_model.core.answers import MISREADING
from functions_model.core.failures import LoginFailed
from functions_model.core.secrets import Login, LoginKind

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, TokenCredential, TokenRequestOptions


class InnerCredential(Protocol):
    """What the SDK's own credentials can do. They cache each token until it nears its end."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token for the scopes, with the time to renew it."""

    def close(self) -> None:
        """Close the connection to Entra."""


class MaskingCredential:
    """A credential that masks each token, asks once where many threads wait, and says what to do when refused.

    Continuous access evaluation is left off: its tokens are cached apart, and each would be fetched a second time.

    Args:
        build: Makes a credential that gives and caches the tokens. It is made again when a token must be given up.
        mask: Called with each new token before anyone else sees it.
        explain: Turns what the SDK raised into the failure that is told.
    """

    def __init__(
        self,
        build: Callable[[], InnerCredential],
        mask: Callable[[str], None],
        explain: Callable[[Exception], LoginFailed],
    ) -> None:
        self._build = build
        self._inner = build()
        self._retired: list[InnerCredential] = []
        self._refused: set[str] = set()
        self._mask = mask
        self._explain = explain
        self._masked: set[str] = set()
        self._locks: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)
        self._locks_lock = threading.Lock()

    def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
        """A token for the scopes, masked.

        Raises:
            LoginFailed: Entra refused, could not be reached, or the CI host gave no identity token.
        """
        info = self.get_token_info(*scopes, options={"claims": claims} if claims else None)
        return AccessToken(info.token, info.expires_on)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """As `get_token`, with the time to renew it."""
        claims = (options or {}).get("claims")
        with self._lock(scopes):
            try:
                info = self._inner.get_token_info(*scopes, options={"claims": claims} if claims else None)
                if not (isinstance(info.token, str) and info.token.isascii() and info.token.isprintable()):
                    raise TypeError(type(info.token).__name__)
            except (AzureError, *MISREADING) as exc:
                raise self._explain(exc) from exc
            if info.token not in self._masked:
                self._mask(info.token)
                self._masked.add(info.token)
            return info

    def renew(self, token: str) -> bool:
        """Give up a token that was refused before its time; False when it is none of ours.

        Many requests may be refused at once: only the first of them makes the others fetch a new one, too.
        """
        with self._locks_lock:
            if token not in self._masked:
                return False
            if token not in self._refused:
                self._refused.add(token)
                self._retired.append(self._inner)
                self._inner = self._build()
            return True

    def close(self) -> None:
        """Close the connection to Entra; the next token opens it again."""
        for credential in (*self._retired, self._inner):
            credential.close()

    def _lock(self, scopes: tuple[str, ...]) -> threading.Lock:
        with self._locks_lock:
            return self._locks[scopes]


class _Assertions:
    """Fetches the identity token anew each time, of the CI host or of its file: it lives minutes, builds do not."""

    def __init__(self, ci: CiHost, login: Login) -> None:
        self._ci, self._login = ci, login
        self.last = ""

    def fetch(self) -> str:
        """A fresh token. It is kept, to tell which federated credential would match what it claims.

        Raises:
            LoginFailed: The CI host gives none, or the file cannot be read.
        """
        file = self._login.token_file
        self.last = self._kept(Path(file)) if file else self._ci.identity_token(self._login.audience)
        return self.last

    def _kept(self, file: Path) -> str:
        try:
            token = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or error
            what = f"the identity token of `AZURE_FEDERATED_TOKEN_FILE` cannot be read: `{file}`: {said}"
            remedy = "Check that the job has that file, or unset the variable."
            raise LoginFailed("log in to Azure", what, remedy) from error
        self._ci.mask(token)
        return token


def credential_for(
    login: Login, cloud: Cloud, ci: CiHost, *, options: Mapping[str, Any] | None = None
) -> MaskingCredential:
    """The credential that a login describes. No request is sent before the first token is asked for.

    Args:
        login: Says what proves it.
        cloud: Its authority is asked.
        ci: Gives identity tokens, and masks every token.
        options: More keyword arguments for the SDK's credential, such as `transport`.

    Raises:
        LoginFailed: There is no client secret, and the CI host has no identity.
    """
    assertions = _Assertions(ci, login)
    if login.client_secret is not None:
        ci.mask(login.client_secret.reveal())
    elif login.kind is LoginKind.JOB and not ci.facts.has_identity:
        reason = "there is no `client-secret`, and this job has no identity token"
        raise LoginFailed("log in to Azure", reason, ci.facts.advice.identity)
    return MaskingCredential(
        lambda: _sdk_credential(login, cloud, assertions, dict(options or {})),
        ci.mask,
        lambda exc: explain_login(exc, login, cloud.authority, assertions.last, ci.facts.advice),
    )


_AZ_SECONDS = 60
"""`az` takes seconds to start, and may have to ask Entra ID for a new token."""


def _sdk_credential(login: Login, cloud: Cloud, assertions: _Assertions, options: dict[str, Any]) -> InnerCredential:
    from azure.identity import (
        AzureCliCredential,
        ClientAssertionCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
    )

    from functions_model.azure.sending import LoginTransport

    if login.client_secret is None and login.kind is LoginKind.AZ:
        return AzureCliCredential(tenant_id=login.tenant_id, process_timeout=_AZ_SECONDS)
    options = {"transport": LoginTransport(**options), **options}
    if login.client_secret is None and login.kind is LoginKind.MANAGED:
        return ManagedIdentityCredential(client_id=login.client_id or None, **options)
    if login.client_secret is None:
        return ClientAssertionCredential(
            login.tenant_id, login.client_id, assertions.fetch, authority=cloud.authority, **options
        )
    return ClientSecretCredential(
        login.tenant_id,
        login.client_id,
        login.client_secret.reveal(),
        authority=cloud.authority,
        disable_instance_discovery=cloud.is_custom,
        **options,
    )


def warm_up(credential: TokenCredential, scopes: Iterable[str]) -> None:
    """Fetch one token per scope, side by side, before the work fans out.

    Raises:
        LoginFailed: A token could not be had.
    """
    wanted = tuple(scopes)
    with ThreadPoolExecutor(max_workers=max(1, len(wanted)), thread_name_prefix="login") as threads:
        for token in [threads.submit(credential.get_token, scope) for scope in wanted]:
            token.result()
