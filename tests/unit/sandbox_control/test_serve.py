"""The sandbox as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from azure_sandbox.endpoints import without_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that serves, and its ready file."""
    folder = tmp_path_factory.mktemp("served")
    ready = folder / "ready.json"
    words = ["serve", "--root", str(folder / "root"), "--engine", "process", "--ready-file", str(ready)]
    words += ["--subscription", "hub"]
    process = subprocess.Popen(
        [sys.executable, "-m", "azure_sandbox", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    yield process, ready
    if process.poll() is None:
        process.kill()
    process.communicate()


def session_for(told: dict[str, Any]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = told["environ"]["REQUESTS_CA_BUNDLE"]
    return session


class TestWithoutProxy:
    @pytest.mark.parametrize(
        ("environ", "exempt"),
        [
            ({}, "localhost,127.0.0.1"),
            ({"NO_PROXY": "10.0.0.0/8, .contoso.com"}, "10.0.0.0/8,.contoso.com,localhost,127.0.0.1"),
            ({"NO_PROXY": "upper", "no_proxy": "lower"}, "lower,localhost,127.0.0.1"),
            ({"no_proxy": "127.0.0.1,localhost"}, "127.0.0.1,localhost"),
        ],
    )
    def test_this_machine_is_exempt_beside_what_is_already(self, environ: dict[str, str], exempt: str) -> None:
        """Nothing that the machine's own settings exempt is lost, and both spellings say the same."""
        assert {"NO_PROXY": exempt, "no_proxy": exempt} == without_proxy(environ)


class TestServe:
    def test_the_ready_file_tells_everything(self, served: tuple[subprocess.Popen[str], Path]) -> None:
        """Variables, inputs and addresses for a run; for the owner's eyes only."""
        told = json.loads(served[1].read_text())

        assert {"environ", "inputs", "endpoints", "subscriptions", "engine", "notes", "edit_token"} == told.keys()
        assert "process" == told["engine"]
        assert told["endpoints"]["resource_manager"] == told["inputs"]["cloud"]
        assert told["inputs"]["base-image"].startswith(told["endpoints"]["base_registry"])
        assert 0o600 == served[1].stat().st_mode & 0o777

    def test_a_run_signs_in_with_what_it_was_told(self, served: tuple[subprocess.Popen[str], Path]) -> None:
        """The GitHub token is exchanged for one that ARM accepts."""
        told = json.loads(served[1].read_text())
        ends, environ = told["endpoints"], told["environ"]
        with session_for(told) as session:
            asking = {"Authorization": f"Bearer {environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
            url = f"{environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api://AzureADTokenExchange"
            assertion = session.get(url, headers=asking, timeout=10).json()["value"]
            form = {
                "grant_type": "client_credentials",
                "client_id": told["inputs"]["client-id"],
                "scope": "https://management.azure.com/.default",
                "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            }
            token_url = f"{ends['authority']}/{told['inputs']['tenant-id']}/oauth2/v2.0/token"
            token = session.post(token_url, data=form, timeout=10).json()["access_token"]
            listed = session.get(
                f"{ends['resource_manager']}/subscriptions?api-version=2022-12-01",
                headers={"Authorization": f"Bearer {token}"},
                timeout=10,
            ).json()

        assert told["subscriptions"] == {one["displayName"]: one["subscriptionId"] for one in listed["value"]}
        assert ["Sandbox", "hub"] == [*told["subscriptions"]]
        assert told["inputs"]["subscription-id"] == told["subscriptions"]["Sandbox"]

    def test_base_images_and_registry_answer(self, served: tuple[subprocess.Popen[str], Path]) -> None:
        """The base image can be read by anyone; the registry asks for a login."""
        told = json.loads(served[1].read_text())
        host, _, rest = told["inputs"]["base-image"].partition("/")
        repository, _, tag = rest.partition(":")
        with session_for(told) as session:
            manifest = session.get(f"https://{host}/v2/{repository}/manifests/{tag}", timeout=10)
            registry = session.get(f"https://{told['inputs']['registry']}/v2/", timeout=10)

        assert (200, 401) == (manifest.status_code, registry.status_code)
        assert registry.headers["WWW-Authenticate"].startswith("Bearer realm=")

    def test_it_stops_with_its_starter(self, tmp_path: Path) -> None:
        """A starter that was killed has let go of its standard input."""
        words = ["serve", "--root", str(tmp_path), "--engine", "process", "--with-starter"]
        done = subprocess.run(
            [sys.executable, "-m", "azure_sandbox", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            input="",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert 0 == done.returncode
        assert "The sandbox stops." in done.stderr

    def test_it_stops_when_asked(self, served: tuple[subprocess.Popen[str], Path]) -> None:
        """SIGTERM ends it in order, and nothing answers any more."""
        process, ready = served
        told = json.loads(ready.read_text())
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)

        assert 0 == process.returncode
        assert "The sandbox stops." in errors
        assert "Traceback" not in errors
        with session_for(told) as session, pytest.raises(requests.ConnectionError):
            session.get(told["endpoints"]["resource_manager"], timeout=5)
