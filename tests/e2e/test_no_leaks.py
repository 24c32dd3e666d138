"""No secret in anything that a run leaves behind. What each run shows is scanned in `run_action`, every time."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.deployer import Deployer
from support.leaks import layer_files, leaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

PASSWORD = "a-password-of-the-user-0815"
APP = "echo-secret"
JWT = "eyJhbGciOiJSUzI1NiJ9abcdef.eyJzdWIiOiJyZXBvOmNvbnRvc28ifQ.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A deployment with secrets of every kind: a client secret, a setting, tokens, and the keys of the new app."""
    deployer = Deployer(sandbox, tmp_path_factory.mktemp("secret"), APP)
    run = deployer.run(client_secret=sandbox.endpoints.client_secret, app_settings=f"API_PASSWORD={PASSWORD}")
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def known(sandbox: Sandbox, deployed: Run) -> set[str]:
    """Every secret there is: those the product masked, and those that only the sandbox can tell."""
    ends = sandbox.endpoints
    site = f"/subscriptions/{ends.subscription_id}/resourceGroups/{APP}-group/providers/Microsoft.Web/sites/{APP}"
    keys = sandbox.data.apps.keys(site)
    assert keys is not None
    return {
        *deployed.masked,
        PASSWORD,
        ends.client_secret,
        ends.oidc_request_token,
        keys.master,
        *keys.functions.values(),
    }


class TestScanner:
    """`leaks`, which all of this rests on."""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            (f"token={JWT}", "a JSON web token"),
            (f"AccountKey={base64.b64encode(bytes(range(64))).decode()};", "a storage or Service Bus key"),
            ("Authorization: Bearer abcdefgh12345678", "a bearer header"),
            ("https://x/y?sv=1&sig=abcdefghijklmnopqrstuvwxyz%3D", "a signed URL"),
            ("password hunter22", "a known secret"),
        ],
    )
    def test_finds_each_kind(self, text: str, found: str) -> None:
        """A scanner that finds nothing proves nothing."""
        assert leaks(text.encode(), ["hunter22"]) == [found]

    def test_lets_digests_pass(self) -> None:
        """Digests, GUIDs and URLs are no secrets."""
        assert leaks(f"sha256:{'ab' * 32} https://x/y?api-version=1".encode(), [""]) == []


class TestDeployment:
    """A deployment with secrets of every kind."""

    def test_shows_none_of_them(self, deployed: Run, known: set[str]) -> None:
        """Log, outputs and summary."""
        assert leaks(deployed.shown.encode(), known) == []

    def test_masks_each_before_it_could_be_shown(self, deployed: Run, known: set[str], sandbox: Sandbox) -> None:
        """What the runner is told to mask includes the user's own secrets and the app's keys."""
        assert {PASSWORD, sandbox.endpoints.client_secret} <= set(deployed.masked)
        assert [value for value in deployed.masked if value.startswith("eyJ")] != []

    def test_puts_none_of_them_into_the_image(self, deployed: Run, known: set[str], sandbox: Sandbox) -> None:
        """Manifest, configuration and every file of every layer."""
        names, found = 0, []
        for name, content in _image_files(sandbox, deployed.outputs["digest"]):
            names += 1
            # Shapes are looked for in what we write; the base and the packages bring samples and tables of their own.
            found += [(name, hit) for hit in leaks(content, known, shapes=_is_ours(name))]

        assert found == []
        assert names > 100


def _is_ours(name: str) -> bool:
    if name in {"manifest", "configuration"} or name.startswith("var/azureml-app/"):
        return True
    return name.startswith("home/site/wwwroot/") and ".python_packages" not in name


def _image_files(sandbox: Sandbox, digest: str) -> Iterator[tuple[str, bytes]]:
    ends = sandbox.endpoints
    session = requests.Session()
    session.trust_env, session.verify = False, str(ends.ca_bundle)
    access = sandbox.directory.issue_token(ends.client_id, "https://containerregistry.azure.net")
    where = {"service": ends.registry, "scope": "repository:package:pull"}
    refresh = session.post(
        f"https://{ends.registry}/oauth2/exchange",
        data={"grant_type": "access_token", "access_token": access, **where},
        timeout=30,
    ).json()["refresh_token"]
    token = session.post(
        f"https://{ends.registry}/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": refresh, **where},
        timeout=30,
    ).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    manifest = session.get(f"https://{ends.registry}/v2/package/manifests/{digest}", timeout=30).content
    yield "manifest", manifest
    described: dict[str, Any] = json.loads(manifest)
    yield "configuration", _blob(session, ends.registry, described["config"]["digest"])
    for layer in described["layers"]:
        yield from layer_files(_blob(session, ends.registry, layer["digest"]))


def _blob(session: requests.Session, registry: str, digest: str) -> bytes:
    return session.get(f"https://{registry}/v2/package/blobs/{digest}", timeout=60).content
