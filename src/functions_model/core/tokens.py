"""JSON web tokens: what they claim, read without checking who signed it."""

from __future__ import annotations

import base64
from typing import Any

from functions_model.core.strict_json import parse_json


def claims_of(token: str) -> dict[str, Any]:
    """What a token claims; nothing where it is none."""
    try:
        _, payload, _ = token.split(".")
        claims = parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
