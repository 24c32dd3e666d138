"""What a token allows in a queue: shared access signatures and Entra access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from azure_sandbox.contract import TokenRefused
from azure_sandbox.networks import APPS, OUTSIDE, Caller

if TYPE_CHECKING:
    from azure_sandbox.contract import AccessRule, Directory, RoleBook, ServiceBusAccess

AUDIENCE = "https://servicebus.azure.net"
_DATA_OWNER = "090c5cfd-751d-490a-894a-3ce6f1109419"
_DATA_RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
_DATA_SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
_EVERYTHING = frozenset({"Listen", "Send", "Manage"})
_RIGHTS_OF_ROLE = {
    _DATA_OWNER: _EVERYTHING,
    _DATA_RECEIVER: frozenset({"Listen"}),
    _DATA_SENDER: frozenset({"Send"}),
}
_SAS = "SharedAccessSignature "
_NO_KEYS = "LocalAuthDisabled: Authorization failed because SAS authentication has been disabled for the namespace."
"""As pnp/Microsoft365-Analytics-Insights#138 shows it."""
NO_ADDRESS = "Ip has been prevented to connect to the endpoint."
"""In full: "Put token failed. status-code: 401, status-description: Ip has been prevented ...", then links and an id.
(MicrosoftDocs/azure-docs, service-bus-messaging-exceptions.md; the diagnostics of App Service look for these words.)"""


class ClaimRefused(Exception):
    """A token allows nothing. The text says why, and goes to the client."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token allows.

    Attributes:
        rights: Some of `Listen`, `Send`, `Manage`.
        expires: Seconds since 1970; None when the token does not say.
    """

    rights: frozenset[str]
    expires: int | None = None


def is_signature(token: str) -> bool:
    """Whether it is a shared access signature."""
    return token.startswith(_SAS)


def claim_of_signature(access: ServiceBusAccess, namespace: str, path: str, token: str, now: float) -> Claim:
    """What a shared access signature allows for the entity with that path.

    Raises:
        ClaimRefused: It has run out, is for something else, was not made with a key of the rule that it names, or keys
            do not count.
    """
    fields = dict(parse_qsl(token.removeprefix(_SAS)))
    if not access.door(namespace).takes_keys:
        raise ClaimRefused(_NO_KEYS)
    # The signature is over the resource as it is written, and clients write it in more than one way.
    resource = next((part[3:] for part in token.removeprefix(_SAS).split("&") if part.startswith("sr=")), "")
    expiry = fields.get("se", "")
    if not expiry.isdecimal() or int(expiry) <= now:
        raise ClaimRefused("ExpiredToken: The token is expired or has no expiry.")
    covered = path_of(unquote_plus(resource))
    if covered and path != covered and not path.startswith(f"{covered}/"):
        raise ClaimRefused(f"InvalidAudience: The token is for '{covered}', not for '{path}'.")
    for rule in _rules(access, namespace, path, unquote_plus(fields.get("skn", ""))):
        if any(_signed(key, resource, expiry, fields.get("sig", "")) for key in rule.keys):
            return Claim(_EVERYTHING if "Manage" in rule.rights else rule.rights, int(expiry))
    raise ClaimRefused("InvalidSignature: The token has an invalid signature.")


def claim_of_access_token(
    access: ServiceBusAccess, namespace: str, path: str, token: str, *, directory: Directory, roles: RoleBook
) -> Claim:
    """What an Entra access token allows for the entity with that path: what its principal's roles there do.

    Raises:
        ClaimRefused: The token does not hold.
    """
    try:
        principal = directory.principal_of_token(token, AUDIENCE)
    except TokenRefused as refused:
        raise ClaimRefused(f"InvalidToken: {refused}") from refused
    scope = access.queue_id(namespace, _queue_of(path))
    held = roles.roles(principal.object_id, scope) if scope else frozenset()
    return Claim(frozenset(right for role in held for right in _RIGHTS_OF_ROLE.get(role, ())))


def check_address(access: ServiceBusAccess, namespace: str, app: str) -> None:
    """Refuse who comes from where the namespace lets nobody in. An app comes from the subnet that it has joined.

    Args:
        access: Knows the rules.
        namespace: Its name.
        app: The ARM id of the app that comes; empty for everybody else.

    Raises:
        ClaimRefused: The network rules do not let it in.
    """
    caller = Caller(APPS, access.subnet_of(app)) if app else Caller(OUTSIDE)
    if not access.door(namespace).network.let_in(caller):
        raise ClaimRefused(NO_ADDRESS)


def path_of(address: str) -> str:
    """`sb://host/Queue/` -> `queue`: names are compared without regard to case."""
    return urlsplit(address).path.strip("/").lower()


def _queue_of(path: str) -> str:
    """`queue/$deadletterqueue` -> `queue`; a queue's own name may have slashes."""
    return path.partition("/$")[0]


def _rules(access: ServiceBusAccess, namespace: str, path: str, name: str) -> list[AccessRule]:
    places = [_queue_of(path), None] if path else [None]
    found = (access.rule(namespace, place, name) for place in places)
    return [rule for rule in found if rule is not None]


def _signed(key: str, resource: str, expiry: str, signature: str) -> bool:
    digest = hmac.new(key.encode(), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())
