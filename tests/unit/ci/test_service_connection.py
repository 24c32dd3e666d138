"""`service_connection`: what a step's environment says of its connection to Azure."""

from __future__ import annotations

import pytest

from functions_model.ci.azure_pipelines import pipeline_endpoint, pipeline_facts
from functions_model.ci.host import Connection
from functions_model.ci.service_connection import service_connection
from functions_model.core.secrets import Secret

ID = "66666666-7777-8888-9999-00000000abcd"
SUBSCRIPTION, TENANT, CLIENT = "subscription", "tenant", "client"
ENDPOINT = {
    f"ENDPOINT_URL_{ID}": "https://management.azure.com/",
    f"ENDPOINT_DATA_{ID}": "{}",
    f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": SUBSCRIPTION,
    f"ENDPOINT_DATA_{ID}_ENVIRONMENT": "AzureCloud",
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/oidctoken",
}
"""What a task of any kind sees, and what it starts."""
AUTHORISATION = {
    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": CLIENT,
    f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": TENANT,
    "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "job-token",
}
TASK = {**ENDPOINT, **AUTHORISATION, f"ENDPOINT_AUTH_SCHEME_{ID}": "WorkloadIdentityFederation"}
CLI = {**ENDPOINT, "servicePrincipalId": CLIENT, "tenantId": TENANT, "SYSTEM_ACCESSTOKEN": "job-token"}
"""A script of `AzureCLI@2` with `addSpnToEnvironment`."""
FEDERATED_CLI = {
    **CLI,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": ID,
    "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
}
SAID = Connection(SUBSCRIPTION, TENANT, CLIENT, cloud="AzureCloud")
WITH_SECRET = Connection(SUBSCRIPTION, TENANT, CLIENT, Secret("key"), cloud="AzureCloud")


class TestWhatItSays:
    """Subscription, tenant, client, scheme and cloud."""

    @pytest.mark.parametrize(
        ("environ", "said", "asks"),
        [
            (TASK, SAID, True),
            (FEDERATED_CLI, SAID, True),
            (
                {
                    **TASK,
                    f"ENDPOINT_AUTH_SCHEME_{ID}": "ServicePrincipal",
                    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "key",
                },
                WITH_SECRET,
                False,
            ),
            ({**CLI, "servicePrincipalKey": "key"}, WITH_SECRET, False),
            (
                {**ENDPOINT, f"ENDPOINT_AUTH_SCHEME_{ID}": "ManagedServiceIdentity"},
                Connection(SUBSCRIPTION, managed=True, cloud="AzureCloud"),
                False,
            ),
            ({}, None, False),
        ],
        ids=["task", "AzureCLI", "secret in a task", "secret in AzureCLI", "managed in a task", "none"],
    )
    def test_by_scheme(self, environ: dict[str, str], said: Connection | None, asks: bool) -> None:
        """Tokens are asked for with a federated connection alone."""
        assert said == service_connection(environ).says
        assert asks == bool(pipeline_endpoint(environ).url)

    @pytest.mark.parametrize(
        ("environment", "url", "cloud"),
        [
            ("AzureUSGovernment", "https://management.usgovcloudapi.net/", "AzureUSGovernment"),
            ("AzureChinaCloud", "https://management.chinacloudapi.cn/", "AzureChinaCloud"),
            (
                "AzureStack",
                "https://management.local.azurestack.external/",
                "https://management.local.azurestack.external",
            ),
        ],
    )
    def test_the_cloud(self, environment: str, url: str, cloud: str) -> None:
        """By its name, where that means one cloud; else by the address of its Resource Manager."""
        changes = {f"ENDPOINT_DATA_{ID}_ENVIRONMENT": environment, f"ENDPOINT_URL_{ID}": url}

        says = service_connection({**TASK, **changes}).says

        assert says
        assert cloud == says.cloud

    @pytest.mark.parametrize(
        "environ",
        [
            {
                **TASK,
                f"ENDPOINT_AUTH_SCHEME_{ID}": "ServicePrincipal",
                f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate",
                f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": "pem",
            },
            CLI,
        ],
        ids=["task", "AzureCLI"],
    )
    def test_a_certificate_is_told_to_be_none_of_ours(self, environ: dict[str, str]) -> None:
        """The login that fails says which connection to choose."""
        facts = pipeline_facts(environ)

        assert not facts.has_identity
        assert "A service connection with a certificate is not supported" in facts.advice.identity

    def test_two_are_none(self) -> None:
        """Which of them is meant cannot be known."""
        other = "11111111-7777-8888-9999-00000000abcd"

        assert service_connection({**TASK, f"ENDPOINT_DATA_{other}_ENVIRONMENT": "AzureCloud"}).says is None

    def test_its_secret_is_not_shown(self) -> None:
        """Not even in what Python prints of it."""
        assert "key" not in repr(service_connection({**CLI, "servicePrincipalKey": "key"}).says)
