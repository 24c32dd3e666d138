"""What a JSON web token claims. Nothing is verified here: the claims only go into messages."""

from __future__ import annotations

import base64
import json
from typing import Any


def claims_in(token: str) -> dict[str, Any]:
    """The claims; none when it is no such token."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def object_id_of(token: str) -> str:
    """Who an access token of Entra is for; empty when it does not tell."""
    return str(claims_in(token).get("oid") or "")
