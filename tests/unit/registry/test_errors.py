"""Failures: what they say, what they advise, and what they never show."""

from __future__ import annotations

import io
import json
import socket
import ssl

import pytest
import requests
from urllib3 import HTTPResponse

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.core.sending import Retries
from functions_model.registry import find_manifest
from functions_model.registry.access import Access
from functions_model.registry.client import RegistryClient
from functions_model.registry.errors import breakdown, refusal

READ, WRITE = Access("package"), Access("package", push=True)
ACR = "contoso.azurecr.io"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def answer(status: int, code: str = "", message: str = "") -> requests.Response:
    return answered(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode())


def answered(status: int, content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url = status, f"https://{ACR}/v2/"
    response.raw = HTTPResponse(io.BytesIO(content), preload_content=False)
    return response


class TestRefusal:
    @pytest.mark.parametrize(("access", "role"), [(READ, "AcrPull"), (WRITE, "AcrPush")], ids=["read", "write"])
    def test_a_missing_role_comes_with_the_command_to_grant_it(self, access: Access, role: str) -> None:
        """For Azure's registries."""
        denied = answer(403, "DENIED", "requested access to the resource is denied")
        failure = refusal(denied, ACR, "push", access, abac=False)

        assert (
            f"Could not push: `{ACR}` answered 403: DENIED: requested access to the resource is denied. Grant the "
            f'identity the role {role} on the registry: `az role assignment create --role "{role}" --assignee '
            'CLIENT_ID --scope "$(az acr show --name contoso --query id --output tsv)"`. A new role takes some minutes '
            "to count."
        ) == str(failure)

    @pytest.mark.parametrize(("access", "role"), [(READ, "Reader"), (WRITE, "Writer")], ids=["read", "write"])
    def test_a_registry_may_give_rights_by_repository(self, access: Access, role: str) -> None:
        """There AcrPull and AcrPush count for nothing, and mode `package` does not know which kind a registry is."""
        remedy = refusal(
            answer(403, "DENIED", "requested access to the resource is denied"), ACR, "push", access
        ).remedy

        assert f"In a registry with rights by repository (ABAC) it is Container Registry Repository {role}." in remedy

    @pytest.mark.parametrize(("access", "role"), [(READ, "Reader"), (WRITE, "Writer")], ids=["read", "write"])
    def test_a_registry_that_does_gets_its_own_role(self, access: Access, role: str) -> None:
        """A deployment has asked Azure which kind it is."""
        denied = answer(403, "DENIED", "requested access to the resource is denied")
        does, does_not = (refusal(denied, ACR, "push", access, abac=abac).remedy for abac in (True, False))

        assert does.startswith(f"Grant the identity the role Container Registry Repository {role} on the registry")
        assert "AcrPu" not in does
        assert "Repository" not in does_not

    def test_other_registries_get_other_advice(self) -> None:
        """No Azure roles elsewhere."""
        failure = refusal(answer(401), "ghcr.example.org", "push", WRITE)

        assert "Check that the login may write to `package`." in failure.remedy

    @pytest.mark.parametrize(
        ("status", "code", "message", "advice"),
        [
            (403, "DENIED", "client with IP '1.2.3.4' is not allowed access", "az acr network-rule add --name contoso"),
            (405, "UNSUPPORTED", "The operation is unsupported.", "may be locked"),
            (404, "NAME_UNKNOWN", "repository name not known", "Check the name and the tag"),
            (413, "", "", "limits the size"),
            (429, "TOOMANYREQUESTS", "", "limits how often"),
            (503, "", "", "run again later"),
            (418, "", "", "is a container registry"),
        ],
    )
    def test_each_known_cause_has_its_advice(self, status: int, code: str, message: str, advice: str) -> None:
        """One remedy per cause."""
        assert advice in refusal(answer(status, code, message), ACR, "push", WRITE).remedy

    @pytest.mark.parametrize(
        "message",
        [
            f"bad token {TOKEN}",
            "header was Bearer abcdefgh12345678",
            "at https://x/?sig=c2VjcmV0&a=b",
            "?_state=c2VjcmV0",
        ],
    )
    def test_a_secret_that_a_registry_repeats_is_not_shown(self, message: str) -> None:
        """Tokens and signed addresses become stars."""
        told = str(refusal(answer(400, "ODD", message), ACR, "push", WRITE))

        assert "***" in told
        assert not any(secret in told for secret in (TOKEN, "abcdefgh12345678", "c2VjcmV0"))

    def test_a_page_instead_of_json_is_no_surprise(self) -> None:
        """Proxies answer in HTML, and are told apart from the registry."""
        refused = refusal(answered(502, b"<html><title>Bad Gateway</title>"), ACR, "push", WRITE)

        assert f"a proxy or gateway answered instead of `{ACR}` with the status 502" in refused.reason
        assert "role" not in refused.remedy


class TestBreakdown:
    def test_a_certificate_that_is_not_trusted_is_final(self) -> None:
        """It names the variable that helps."""
        cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
        cause.verify_message = "self-signed certificate"
        failure, passing = breakdown(requests.exceptions.SSLError(cause), ACR, "push")

        assert "SSL_CERT_FILE" in failure.remedy
        assert "is not trusted (self-signed certificate)" in failure.reason
        assert not passing

    @pytest.mark.parametrize(("number", "passing"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)])
    def test_an_unknown_name_is_final_and_a_busy_resolver_is_not(self, number: int, passing: bool) -> None:
        """A mistyped registry is told at once."""
        failure, again = breakdown(requests.ConnectionError(socket.gaierror(number, "x")), ACR, "push")

        assert "the name `contoso.azurecr.io` is not known" == failure.reason
        assert passing is again

    def test_a_name_that_is_nowhere_fails_for_real(self) -> None:
        """Through the whole client, without a retry."""
        client = RegistryClient("registry.invalid", sleep=lambda _: pytest.fail("it waits"))

        with pytest.raises(RegistryFailed, match="is not known"):
            find_manifest(client, ImageReference("registry.invalid", "package", "v1"))

    def test_a_registry_that_is_not_running_is_told(self) -> None:
        """After as many attempts as it has."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{free.getsockname()[1]}"
        slept: list[float] = []
        client = RegistryClient(host, sleep=slept.append, retries=Retries(attempts=3))

        with pytest.raises(RegistryFailed, match=r"the connection to `127.* broke \(Connection refused\)"):
            find_manifest(client, ImageReference(host, "package", "v1"))
        assert [0.5, 1.0] == slept
