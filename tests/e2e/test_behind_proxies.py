"""Whole runs behind a proxy that wants a login and shows a company's certificate, and variables that are wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.console import command, console_environ
from support.deployer import Deployer
from support.deployment import Run, run_action
from support.engine import CA_BUNDLE
from support.office_proxy import OfficeProxy, office_proxy
from support.project import write_echo_project
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

_ARM, _OIDC, _BASE = "management.company.test", "oidc.company.test", "base.company.test"
_PASSWORD = "correct horse"
_LOGIN = f"deployer:{_PASSWORD.replace(' ', '%20')}"


@pytest.fixture(scope="module")
def office(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OfficeProxy, Path]]:
    """The proxy, behind which the sandbox has names of its own, and the file of the company's authority."""
    folder = tmp_path_factory.mktemp("office")
    there = sandbox.endpoints
    behind = {
        _ARM: there.resource_manager,
        _OIDC: there.oidc_request_url,
        _BASE: f"https://{there.base_registry}",
    }
    with office_proxy(login=_LOGIN.replace("%20", " "), behind=behind, authority=folder) as proxy:
        proxy.address = proxy.address.replace(_PASSWORD, _PASSWORD.replace(" ", "%20"))
        yield proxy, folder / "ca.pem"


def _environ(sandbox: Sandbox, proxy: OfficeProxy, authority: Path) -> dict[str, str]:
    """What a job has there: the company's authority in one variable, the sandbox's in another, the machine's own."""
    own = sandbox.endpoints.environ()
    asked = urlsplit(own["ACTIONS_ID_TOKEN_REQUEST_URL"])
    url = asked._replace(netloc=_OIDC).geturl()
    trust = {"SSL_CERT_FILE": str(authority), "CURL_CA_BUNDLE": str(CA_BUNDLE) if CA_BUNDLE.exists() else ""}
    return {**own, **proxy.environ, **trust, "ACTIONS_ID_TOKEN_REQUEST_URL": url}


def _hosts(proxy: OfficeProxy) -> set[str]:
    return {passed.rpartition(":")[0] for passed in proxy.passed}


def _shows_no_password(run: Run) -> None:
    for form in (_PASSWORD, _PASSWORD.replace(" ", "%20")):
        assert form not in run.shown


@pytest.mark.parametrize("mode", ["package", "deploy"])
def test_a_run_behind_the_proxy(mode: str, office: tuple[OfficeProxy, Path], sandbox: Sandbox, tmp_path: Path) -> None:
    """Resource Manager, the CI host, the base image and packages come by it; what is on this machine does not."""
    proxy, authority = office
    proxy.passed.clear()
    proxy.refused.clear()
    deployer = Deployer(sandbox, tmp_path, f"behind-{mode}")
    deployer.environ = _environ(sandbox, proxy, authority)
    base = sandbox.endpoints.base_image.replace(sandbox.endpoints.base_registry, _BASE)

    run = deployer.run(mode=mode, cloud=f"https://{_ARM}", base_image=base, image_name=f"behind-{mode}")

    assert run.code == 0, run.log
    assert {_ARM, _OIDC, _BASE} <= _hosts(proxy)
    assert [] == proxy.refused
    _shows_no_password(run)


def test_a_login_that_the_proxy_refuses_is_told(
    office: tuple[OfficeProxy, Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    """With the variable, and without its password."""
    proxy, authority = office
    inputs = {
        **sandbox.endpoints.inputs(),
        **write_echo_project(tmp_path),
        "cloud": f"https://{_ARM}",
        "mode": "package",
    }
    environ = _environ(sandbox, proxy, authority)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        environ[name] = proxy.address.replace(_LOGIN, "deployer:battery%20staple")

    run = run_action(tmp_path, inputs, environ)

    assert run.code == 4, run.log
    assert "the proxy wants a login, or another one" in run.errors[0]
    assert "HTTPS_PROXY" in run.errors[0]
    assert "staple" not in run.shown


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_that_are_nowhere_end_a_run_at_its_start(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """With the variable's name, and before anybody was asked."""
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(tmp_path), "mode": "package"}
    sandbox.journal.clear()

    run = run_action(tmp_path, inputs, {**sandbox.endpoints.environ(), name: str(tmp_path / "nowhere")})

    assert run.code == 2, run.log
    assert f"`{name}` names `nowhere`, which does not exist" in run.errors[0]
    assert [] == sandbox.journal.entries()


@pytest.mark.parametrize("door", ["preflight", "demo"])
def test_other_doors_name_a_variable_that_cannot_be_used(door: str) -> None:
    """At their start, without its password."""
    environ = {**console_environ(), "HTTPS_PROXY": "socks5://me:correct-horse@proxy.test:1080", "https_proxy": ""}

    process = subprocess.run(
        command(door, "examples/iris-http"),
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    told = process.stdout + process.stderr
    assert process.returncode == 2, told
    assert "`HTTPS_PROXY` names a SOCKS proxy" in told
    assert "correct-horse" not in told
