"""What shared access signatures and access tokens allow in a queue."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import pytest

from azure_sandbox.contract import AccessRule
from azure_sandbox.networks import NamespaceDoor
from azure_sandbox.service_bus.claims import Claim, ClaimRefused, claim_of_access_token, claim_of_signature

if TYPE_CHECKING:
    from .conftest import FakeDirectory, FakeRoles

NOW = 1_790_000_000
LATER = NOW + 60
OWNER = "090c5cfd-751d-490a-894a-3ce6f1109419"


class Access:
    """Rules by queue and name, and the queue `orders`."""

    def door(self, namespace: str) -> NamespaceDoor:
        return NamespaceDoor(takes_keys=namespace != "keyless")

    def subnet_of(self, app: str) -> str:
        return ""

    def rule(self, namespace: str, queue: str | None, name: str) -> AccessRule | None:
        rules = {
            (None, "root"): AccessRule(("k1", "k2"), frozenset({"Manage"})),
            (None, "same"): AccessRule(("of-namespace", "n2"), frozenset({"Send"})),
            ("orders", "same"): AccessRule(("of-queue", "q2"), frozenset({"Listen"})),
        }
        return rules.get((queue, name))

    def queue_id(self, namespace: str, queue: str) -> str | None:
        return "/queues/orders" if queue == "orders" else None


def signature(resource: str, rule: str, key: str, expiry: int = LATER) -> str:
    """As Azure's clients make it."""
    quoted = quote_plus(resource)
    digest = hmac.new(key.encode(), f"{quoted}\n{expiry}".encode(), hashlib.sha256).digest()
    return f"SharedAccessSignature sr={quoted}&sig={quote_plus(base64.b64encode(digest))}&se={expiry}&skn={rule}"


def claim(token: str, path: str = "orders") -> Claim:
    return claim_of_signature(Access(), "contoso", path, token, NOW)


class TestSignatures:
    def test_manage_is_everything(self) -> None:
        """A rule that may manage may send and listen, until the token's own expiry; either key signs."""
        expected = Claim(frozenset({"Listen", "Send", "Manage"}), LATER)

        assert expected == claim(signature("sb://localhost/orders", "root", "k1"))
        assert expected == claim(signature("sb://localhost/Orders/", "root", "k2"))

    def test_a_token_of_the_namespace_covers_its_queues(self) -> None:
        """So does a token of a queue cover its dead-letter queue."""
        assert "Listen" in claim(signature("sb://localhost/", "root", "k1")).rights
        below = claim(signature("sb://localhost/orders", "root", "k1"), "orders/$deadletterqueue")

        assert "Listen" in below.rights

    def test_a_namespace_without_keys_takes_no_signature(self) -> None:
        """`disableLocalAuth`, in the service's words."""
        with pytest.raises(ClaimRefused, match="LocalAuthDisabled: Authorization failed because SAS authentication"):
            claim_of_signature(Access(), "keyless", "orders", signature("sb://localhost/orders", "root", "k1"), NOW)

    def test_a_name_at_both_levels_is_told_apart_by_its_keys(self) -> None:
        """The queue's rule and the namespace's may have the same name."""
        assert frozenset({"Listen"}) == claim(signature("sb://localhost/orders", "same", "of-queue")).rights
        assert frozenset({"Send"}) == claim(signature("sb://localhost/orders", "same", "of-namespace")).rights

    @pytest.mark.parametrize(
        ("token", "why"),
        [
            (signature("sb://localhost/orders", "root", "wrong"), "InvalidSignature"),
            (signature("sb://localhost/orders", "nobody", "k1"), "InvalidSignature"),
            (signature("sb://localhost/orders", "root", "k1", NOW), "ExpiredToken"),
            (signature("sb://localhost/order", "root", "k1"), "InvalidAudience"),
            (signature("sb://localhost/orders", "root", "k1").replace(str(LATER), str(LATER + 1)), "InvalidSignature"),
            ("SharedAccessSignature", "ExpiredToken"),
        ],
    )
    def test_anything_else_is_refused(self, token: str, why: str) -> None:
        """A wrong key, an unknown rule, a token that ran out, one for another queue, and one that was changed."""
        with pytest.raises(ClaimRefused, match=why):
            claim(token)


class TestAccessTokens:
    def test_roles_at_the_queue_give_rights(self, directory: FakeDirectory, roles: FakeRoles) -> None:
        """Data Owner is everything; without a role, or without a queue, nothing is allowed."""
        owner, guest = directory.add("owner"), directory.add("guest")
        roles.give(owner, "/queues/orders", OWNER)

        def rights(client_id: str, path: str) -> frozenset[str]:
            token = directory.issue_token(client_id, "https://servicebus.azure.net")
            return claim_of_access_token(Access(), "contoso", path, token, directory=directory, roles=roles).rights

        assert frozenset({"Listen", "Send", "Manage"}) == rights(owner.client_id, "orders/$deadletterqueue")
        assert frozenset() == rights(guest.client_id, "orders")
        assert frozenset() == rights(owner.client_id, "elsewhere")

    def test_a_token_for_something_else_is_refused(self, directory: FakeDirectory, roles: FakeRoles) -> None:
        """The reason is the directory's."""
        token = directory.issue_token(directory.add("app").client_id, "https://storage.azure.com")

        with pytest.raises(ClaimRefused, match=r"InvalidToken: the token is for https://storage\.azure\.com"):
            claim_of_access_token(Access(), "contoso", "orders", token, directory=directory, roles=roles)
