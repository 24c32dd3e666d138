"""Decides about a request to a storage account: network rules first, then who asks, then what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from azure_sandbox.contract import TokenRefused
from azure_sandbox.networks import OUTSIDE, Caller
from azure_sandbox.storage_gate import refusals
from azure_sandbox.storage_gate.operations import needed_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.contract import Directory, RoleBook
    from azure_sandbox.storage_contract import AccountRules, StorageLaw
    from azure_sandbox.storage_gate.refusals import Refusal

AUDIENCE = "https://storage.azure.com"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        account: Whose service it went to.
        service: `blob`, `queue` or `table`.
        method: Upper case.
        url: Path and query.
        authorization: That header; may be empty.
        source: The ARM id of the app that sends it; empty for everybody else.
    """

    account: str
    service: str
    method: str
    url: str
    authorization: str
    source: str


class StorageJudge:
    """Decides.

    Args:
        law: What the accounts' settings say; asked late, as it is built later.
        directory: Says whose token it is.
        roles: Says what they may do.
    """

    def __init__(self, law: Callable[[], StorageLaw], directory: Directory, roles: RoleBook) -> None:
        self._law, self._directory, self._roles = law, directory, roles

    def decide(self, request: Request) -> Refusal | None:
        """Why the request is refused; None when it is not."""
        law = self._law()
        rules = law.rules(request.account)
        if rules is None:
            return None
        if not rules.network.let_in(_caller(law, request.source)):
            return refusals.NETWORK
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        scheme, _, token = request.authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(rules, request, token, query)
        if scheme or ("sig" in query and "skoid" not in query):
            return None if rules.takes_keys else refusals.NO_KEYS
        if "sig" in query:  # signed by a key that Entra gave: Azurite judges it
            return None
        return _anonymous(rules, request)

    def _by_token(self, rules: AccountRules, request: Request, token: str, query: dict[str, str]) -> Refusal | None:
        try:
            principal = self._directory.principal_of_token(token, AUDIENCE)
        except TokenRefused as refused:
            return refusals.bad_token(str(refused))
        path = unquote(urlsplit(request.url).path).removeprefix(f"/{request.account}").lstrip("/")
        needed = needed_for(request.service, request.method, path, query)
        scope = f"{rules.resource_id}{needed.below}"

        def holds(permission: str) -> bool:
            return self._roles.permits(principal.object_id, permission, scope, data=needed.data)

        return None if any(all(map(holds, choice)) for choice in needed.choices) else refusals.PERMISSION


def _anonymous(rules: AccountRules, request: Request) -> Refusal | None:
    """A request without any sign of who asks. Of a public container Azurite knows itself."""
    if request.service != "blob" or request.method not in {"GET", "HEAD", "OPTIONS"}:
        return refusals.NOBODY
    return None if rules.public_blobs else refusals.NO_PUBLIC_ACCESS


def _caller(law: StorageLaw, app: str) -> Caller:
    """Where a request comes from.

    An app is let in through the virtual network that it has joined. Its public address never counts: rules for
    addresses do not hold for requests from the account's own region.
    (learn.microsoft.com/azure/storage/common/storage-network-security-limitations)
    """
    return Caller(None, law.subnet_of(app)) if app else Caller(OUTSIDE)
