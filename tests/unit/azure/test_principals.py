"""What role assignments call a login: Azure refuses one of the wrong kind."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import AZURE_CLOUD
from functions_model.provision.elsewhere import grant_command


class Tokens:
    """A credential whose tokens claim what they are told to."""

    def __init__(self, claims: dict[str, Any]) -> None:
        self._payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """One for any scope."""
        return AccessToken(f"e30.{self._payload}.x", 0)


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"oid": "1", "idtyp": "app"}, "ServicePrincipal"),
        ({"oid": "1"}, "ServicePrincipal"),
        ({"oid": "1", "idtyp": "user"}, "User"),
        ({"oid": "1", "scp": "user_impersonation"}, "User"),
    ],
)
def test_a_command_names_the_kind(claims: dict[str, Any], kind: str) -> None:
    """A person who is logged in by `az login` is a user."""
    clients = AzureClients(Tokens(claims), "00000000-0000-0000-0000-000000000000", AZURE_CLOUD)

    assert f"--assignee-object-id 1 --assignee-principal-type {kind} --role" in grant_command(clients, "Reader", "/x")
