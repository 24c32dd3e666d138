"""Azure DevOps' identity tokens, as a job of Azure Pipelines asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.identity import AzurePipelinesCredential

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Cloud

VARIABLE = "SYSTEM_OIDCREQUESTURI"


def url_of(cloud: Cloud) -> str:
    return f"{cloud.sandbox.endpoints.resource_manager}{cloud.sandbox.azure_devops.path}"


def ask(cloud: Cloud, **changes: str) -> tuple[int, str]:
    """The status of an answer, and the assertion in it, when a job asks so."""
    devops = cloud.sandbox.azure_devops
    asked = {"version": "7.1", "connection": devops.connection_id, "access": devops.access_token, **changes}
    answer = cloud.session.post(
        url_of(cloud),
        params={"api-version": asked["version"], "serviceConnectionId": asked["connection"]},
        headers={"Authorization": f"Bearer {asked['access']}", "X-TFS-FedAuthRedirect": asked.get("redirect", "")},
        allow_redirects=False,
        timeout=10,
    )
    return answer.status_code, answer.json()["oidcToken"] if answer.ok and answer.content else ""


class TestServiceConnection:
    """Its token, and who gets one."""

    def test_microsofts_credential_signs_in(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        """`AzurePipelinesCredential` gets a token that Azure Resource Manager accepts; the journal names it all."""
        ends, devops = cloud.sandbox.endpoints, cloud.sandbox.azure_devops
        monkeypatch.setenv(VARIABLE, url_of(cloud))
        credential = AzurePipelinesCredential(
            tenant_id=ends.tenant_id,
            client_id=ends.client_id,
            service_connection_id=devops.connection_id,
            system_access_token=devops.access_token,
            authority=ends.authority,
            connection_verify=str(ends.ca_bundle),
        )
        with credential:
            token = credential.get_token("https://management.azure.com/.default").token

        assert 200 == cloud.call("GET", cloud.subscription, token=token).status_code
        [entry] = cloud.sandbox.journal.entries("azure-devops")
        assert ("POST", 200) == (entry.method, entry.status)
        assert entry.path.endswith(f"oidctoken?api-version=7.1&serviceConnectionId={devops.connection_id}")

    def test_each_token_is_a_new_one(self, cloud: Cloud) -> None:
        """For the same subject, ten minutes long."""
        tokens = [ask(cloud)[1] for _ in range(2)]
        claims = [cloud.sandbox.azure_devops.decode(token) for token in tokens]

        assert 2 == len(set(tokens))
        assert {("sc://contoso/models/azure", 600)} == {(one["sub"], one["exp"] - one["iat"]) for one in claims}

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"access": "x"}, 302),
            ({"access": "x", "redirect": "Suppress"}, 401),
            ({"version": "1.0"}, 400),
            ({"connection": "11111111-2222-3333-4444-555555555555"}, 404),
        ],
    )
    def test_others_get_none(self, cloud: Cloud, changes: dict[str, str], status: int) -> None:
        """Another job, another version, another connection."""
        assert (status, "") == ask(cloud, **changes)

    def test_another_connection_is_another_subject(self, cloud: Cloud) -> None:
        """Entra trusts the one that the federated credential names."""
        devops = cloud.sandbox.azure_devops
        devops.connection = "other"
        assertion = devops.issue()
        devops.connection = "azure"
        ends = cloud.sandbox.endpoints
        form = {
            "grant_type": "client_credentials",
            "client_id": ends.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": "https://management.azure.com/.default",
        }
        answer = cloud.session.post(f"{ends.authority}/{ends.tenant_id}/oauth2/v2.0/token", data=form, timeout=10)

        assert (401, [700213]) == (answer.status_code, answer.json()["error_codes"])
