"""Looking at images in the sandbox's registry with the tools of others."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The user name that goes with a refresh token at a container registry."""


def refresh_token(sandbox: Sandbox) -> str:
    """What `az acr login --expose-token` would give."""
    ends = sandbox.endpoints
    access = sandbox.directory.issue_token(ends.client_id, "https://containerregistry.azure.net")
    answer = requests.post(
        f"https://{ends.registry}/oauth2/exchange",
        data={"grant_type": "access_token", "service": ends.registry, "access_token": access},
        verify=str(ends.ca_bundle),
        timeout=30,
    )
    return str(answer.json()["refresh_token"])


def skopeo_inspect(sandbox: Sandbox, image: str) -> dict[str, Any]:
    """What `skopeo inspect` says of an image. A test that uses it needs skopeo."""
    credentials = f"{NOBODY}:{refresh_token(sandbox)}"
    words = ["skopeo", "inspect", "--tls-verify=false", "--creds", credentials, f"docker://{image}"]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    inspected: dict[str, Any] = json.loads(answer.stdout)
    return inspected
