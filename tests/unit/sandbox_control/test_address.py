"""A sandbox that containers reach: it answers at another address of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from azure_sandbox.endpoints import without_proxy
from azure_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "127.0.0.2"
"""Linux has the whole network 127.0.0.0/8 on this machine."""


def test_everything_that_a_deployment_asks_is_there(tmp_path: Path) -> None:
    """Resource Manager, Entra, registries and GitHub's tokens, by https, and nothing on `localhost`."""
    with Sandbox(tmp_path, engine="process", address=ADDRESS) as sandbox:
        told = sandbox.endpoints
        answer = requests.get(
            f"{told.resource_manager}/metadata/endpoints?api-version=2022-09-01", verify=str(told.ca_file), timeout=20
        )
        pinged = requests.get(f"https://{told.registry}/v2/", verify=str(told.ca_file), timeout=20)
        hosts = {
            urlsplit(url).hostname
            for url in (
                told.resource_manager,
                told.authority,
                told.oidc_request_url,
                f"//{told.registry}",
                f"//{told.base_registry}",
                f"//{sandbox.data.apps.reserve('iris')}",
            )
        }

    assert {ADDRESS} == hosts
    assert ADDRESS == answer.json()["suffixes"]["acrLoginServer"]
    assert 401 == pinged.status_code
    assert ADDRESS in told.environ()["NO_PROXY"]


def test_no_proxy_is_asked_for_it() -> None:
    """What is exempt already stays."""
    assert "corp,localhost,127.0.0.1,172.18.0.1" == without_proxy({"NO_PROXY": "corp"}, "172.18.0.1")["NO_PROXY"]
