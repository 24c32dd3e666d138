"""No secret in anything that a run leaves behind. What each run shows is scanned in `run_action`, every time."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

from support.deployer import Deployer
from support.leaks import layer_files, leaks
from support.registry_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

PASSWORD = "a-password-of-the-user-0815"
NETRC = "a-password-for-somewhere-else"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\nZm9vYmFyYmF6cXV4\n-----END PRIVATE KEY-----\n"
APP = "echo-secret"
JWT = "eyJhbGciOiJSUzI1NiJ9abcdef.eyJzdWIiOiJyZXBvOmNvbnRvc28ifQ.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A deployment with secrets of every kind: a client secret, a setting, tokens, and the keys of the new app."""
    deployer = Deployer(sandbox, tmp_path_factory.mktemp("secret"), APP)
    (deployer.folder / "src/.netrc").write_text(f"machine x.test login me password {NETRC}\n")
    (deployer.folder / "model/robot.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\nb3RoZXI=\n-----END PRIVATE KEY-----\n"
    )
    settings = {"API_PASSWORD": PASSWORD, "CERTIFICATE": PEM, "KIND": "identity", "LIMITS": '{\n"n": 1\n}\n'}
    run = deployer.run(client_secret=sandbox.endpoints.client_secret, app_settings=json.dumps(settings))
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
        *PEM.splitlines()[1:-1],
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

    def test_leaves_outputs_whole(self, deployed: Run) -> None:
        """Settings whose values are braces, or words that every run writes, damage nothing."""
        assert "check,cors,identity,score,swagger,warmup" == deployed.outputs["function-names"]
        assert "identity" in {entry["kind"] for entry in json.loads(deployed.outputs["plan"])["changes"]}
        assert [] == [line for line in deployed.log.splitlines() if line.startswith("::warning::The output")]

    def test_leaves_files_of_credentials_out(self, deployed: Run, sandbox: Sandbox) -> None:
        """Each is named, with the way to have it packed."""
        files = dict(_image_files(sandbox, deployed.outputs["digest"]))
        warnings = [line for line in deployed.log.splitlines() if line.startswith("::warning file=")]

        assert [] == [
            name for name, content in files.items() if NETRC.encode() in content or name.endswith("robot.pem")
        ]
        assert ["model/robot.pem", "src/.netrc"] == sorted(line.split("::")[1].partition("=")[2] for line in warnings)
        assert all("`credential-files: keep`" in line for line in warnings)

    def test_puts_none_of_them_into_the_image(self, deployed: Run, known: set[str], sandbox: Sandbox) -> None:
        """Manifest, configuration and every file of every layer."""
        names, found = 0, []
        for name, content in _image_files(sandbox, deployed.outputs["digest"]):
            names += 1
            # Shapes are looked for in what we write; the base and the packages bring samples and tables of their own.
            found += [(name, hit) for hit in leaks(content, known, shapes=_is_ours(name))]

        assert found == []
        assert names > 100


class TestForeignRegistry:
    """A registry that is none of the cloud's own, whoever named it."""

    def test_gets_no_token(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """It asks for one, and is asked for one of its own, without any proof of who asks."""
        deployer = Deployer(sandbox, tmp_path, "echo-foreign")
        with contextmanager(serving)("bearer") as foreign:
            run = deployer.run(mode="package", registry=foreign.host, image_tag="1")

        assert run.code == 0, run.log
        assert {"service", "scope"} == {name for form in foreign.token_forms for name, _ in form}
        assert {""} == {seen.authorization for seen in foreign.seen if seen.path.startswith("/oauth2/")}
        assert f"`{foreign.host}` is no registry of FunctionsModelSandbox" in run.log


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
