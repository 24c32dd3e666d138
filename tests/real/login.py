"""The login, by Microsoft's own library: tokens for Resource Manager, storage and Service Bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from azure.identity import ClientAssertionCredential, ClientSecretCredential

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from target import Target

AUDIENCE = "api://AzureADTokenExchange"
_SECONDS = 30


def credential_for(target: Target) -> TokenCredential:
    """By secret where there is one, else by the job's identity token."""
    options: dict[str, Any] = {"authority": target.authority, "connection_verify": target.trusted}
    if not target.is_azure:
        options["disable_instance_discovery"] = True
    who = (target.tenant_id, target.client_id)
    if target.client_secret:
        return ClientSecretCredential(*who, target.client_secret, **options)
    return ClientAssertionCredential(*who, lambda: identity_token(target), **options)


def identity_token(target: Target) -> str:
    """A new GitHub identity token; one lives for five minutes."""
    answer = requests.get(
        target.environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
        params={"audience": AUDIENCE},
        headers={"Authorization": f"Bearer {target.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
        verify=target.trusted,
        timeout=_SECONDS,
    )
    answer.raise_for_status()
    return str(answer.json()["value"])
