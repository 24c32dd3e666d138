"""What the platform hands over to a host when it starts: a token of its own, and keys, or why there are none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_sandbox.apps.stored_keys import StoredKeys

SECRETS_FILE = "/azure-functions-host/Secrets/platform.json"


def written(told: dict[str, object], stored: StoredKeys | None) -> bytes:
    """The file's content.

    Args:
        told: The token, and what is to be known of the host's storage.
        stored: The keys that its storage holds; None where they cannot be had.
    """
    keys: dict[str, object] = {}
    if stored is not None:
        keys = {
            "master": stored.master,
            "host_keys": stored.host,
            "function_keys": stored.functions,
            "system_keys": stored.system,
        }
    return json.dumps(told | keys).encode()
