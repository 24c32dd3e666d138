"""Entra's token endpoint and GitHub's identity tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
from azure.identity import ClientAssertionCredential

from azure_sandbox.directory import FederatedCredential
from azure_sandbox.entra import ASSERTION_TYPE

if TYPE_CHECKING:
    import requests

    from unit.sandbox_control.conftest import Cloud

AUDIENCE = "api://AzureADTokenExchange"
SCOPE = "https://management.azure.com/.default"


def github_token(cloud: Cloud, audience: str = AUDIENCE) -> str:
    """What a job does to get its token."""
    ends = cloud.sandbox.endpoints
    headers = {"Authorization": f"Bearer {ends.oidc_request_token}"}
    answer = cloud.session.get(f"{ends.oidc_request_url}&audience={audience}", headers=headers, timeout=10)
    return str(answer.json()["value"])


def ask(cloud: Cloud, *, tenant: str | None = None, **form: str) -> requests.Response:
    ends = cloud.sandbox.endpoints
    given = {"grant_type": "client_credentials", "client_id": ends.client_id, "scope": SCOPE, **form}
    url = f"{ends.authority}/{tenant or ends.tenant_id}/oauth2/v2.0/token"
    return cloud.session.post(url, data=given, timeout=10)


def ask_with_assertion(cloud: Cloud, assertion: str) -> requests.Response:
    return ask(cloud, client_assertion=assertion, client_assertion_type=ASSERTION_TYPE)


def code(answer: requests.Response) -> int:
    return int(answer.json()["error_codes"][0])


class TestGithub:
    def test_a_job_gets_a_token_with_the_runs_claims(self, cloud: Cloud) -> None:
        """The token names the run: issuer, subject, audience, repository, ref; and lives five minutes."""
        claims = jwt.decode(github_token(cloud), options={"verify_signature": False})

        assert "https://token.actions.githubusercontent.com" == claims["iss"]
        assert "repo:contoso/models:ref:refs/heads/main" == claims["sub"]
        assert AUDIENCE == claims["aud"]
        assert 300 == claims["exp"] - claims["iat"]
        assert "contoso/models/.github/workflows/deploy.yml@refs/heads/main" == claims["job_workflow_ref"]

    def test_the_subject_may_have_the_ids(self, cloud: Cloud) -> None:
        """As GitHub sends it for repositories created or renamed since July 2026, whatever the job runs for."""
        github = cloud.sandbox.github_oidc
        github.immutable = True
        subjects = [jwt.decode(github_token(cloud), options={"verify_signature": False})["sub"]]
        github.event = "pull_request"
        subjects.append(github.subject)
        github.environment = "production"
        subjects.append(github.subject)

        who = "repo:contoso@583231/models@1296269"
        assert [f"{who}:ref:refs/heads/main", f"{who}:pull_request", f"{who}:environment:production"] == subjects

    def test_the_published_keys_verify_the_token(self, cloud: Cloud) -> None:
        """The issuer's JWKS holds the key that signed."""
        url = f"{cloud.sandbox.endpoints.resource_manager}/github/.well-known/jwks"
        keys = jwt.PyJWKSet.from_dict(cloud.session.get(url, timeout=10).json())
        token = github_token(cloud)
        key = keys[jwt.get_unverified_header(token)["kid"]]

        assert jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)["repository"] == "contoso/models"

    def test_a_wrong_request_token_is_refused(self, cloud: Cloud) -> None:
        """Only the job may ask."""
        url = cloud.sandbox.endpoints.oidc_request_url
        answer = cloud.session.get(url, headers={"Authorization": "Bearer x"}, timeout=10)

        assert 401 == answer.status_code


class TestAssertion:
    def test_the_credential_class_signs_in(self, cloud: Cloud) -> None:
        """`ClientAssertionCredential` gets a token that ARM accepts."""
        ends = cloud.sandbox.endpoints
        credential = ClientAssertionCredential(
            ends.tenant_id,
            ends.client_id,
            lambda: github_token(cloud),
            authority=ends.authority,
            connection_verify=str(ends.ca_bundle),
        )
        with credential:
            token = credential.get_token(SCOPE).token

        assert 200 == cloud.call("GET", cloud.subscription, token=token).status_code

    def test_the_token_names_its_principal(self, cloud: Cloud) -> None:
        """Audience, tenant, object id and client id are claims."""
        token = ask_with_assertion(cloud, github_token(cloud)).json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        principal = cloud.sandbox.directory.principal_of_client(cloud.sandbox.endpoints.client_id)

        assert principal is not None
        assert "https://management.azure.com" == claims["aud"]
        assert cloud.sandbox.endpoints.tenant_id == claims["tid"]
        assert (principal.object_id, principal.client_id) == (claims["oid"], claims["appid"])

    def test_an_expired_assertion_is_700024(self, cloud: Cloud) -> None:
        """A token that was fetched too early does not sign in any more."""
        cloud.sandbox.github_oidc.issue_expired = True
        answer = ask_with_assertion(cloud, github_token(cloud))

        assert (401, 700024) == (answer.status_code, code(answer))
        assert (
            "AADSTS700024: Client assertion is not within its valid time range." in answer.json()["error_description"]
        )

    def test_another_branch_is_700213(self, cloud: Cloud) -> None:
        """The subject must match exactly."""
        cloud.sandbox.github_oidc.ref = "refs/heads/other"
        answer = ask_with_assertion(cloud, github_token(cloud))

        assert (401, 700213) == (answer.status_code, code(answer))
        assert "repo:contoso/models:ref:refs/heads/other" in answer.json()["error_description"]

    def test_another_audience_is_700212(self, cloud: Cloud) -> None:
        """The audience must match."""
        assert 700212 == code(ask_with_assertion(cloud, github_token(cloud, "api://Other")))

    def test_another_issuer_is_700211(self, cloud: Cloud) -> None:
        """Tokens of a foreign issuer are not looked at."""
        foreign = jwt.encode({"iss": "https://elsewhere.example", "sub": "x"}, "k" * 32, algorithm="HS256")

        assert 700211 == code(ask_with_assertion(cloud, foreign))

    def test_a_forged_signature_is_700027(self, cloud: Cloud) -> None:
        """Right claims with another key do not help."""
        claims = jwt.decode(github_token(cloud), options={"verify_signature": False})
        forged = jwt.encode(claims, "k" * 32, algorithm="HS256")

        assert 700027 == code(ask_with_assertion(cloud, forged))

    def test_credentials_come_and_go(self, cloud: Cloud) -> None:
        """A federated credential for another branch lets that branch in; without any, nobody gets in."""
        directory, ends = cloud.sandbox.directory, cloud.sandbox.endpoints
        cloud.sandbox.github_oidc.environment = "prod"
        issuer, subject = cloud.sandbox.github_oidc.issuer, "repo:contoso/models:environment:prod"
        directory.add_federated_credential(ends.client_id, FederatedCredential(issuer, subject))
        before = ask_with_assertion(cloud, github_token(cloud)).status_code
        directory.remove_federated_credentials(ends.client_id)
        after = ask_with_assertion(cloud, github_token(cloud)).status_code

        assert (200, 401) == (before, after)


class TestRefusals:
    @pytest.mark.parametrize(
        ("form", "expected"),
        [
            ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
            ({"client_id": "00000000-0000-0000-0000-000000000001"}, (400, "unauthorized_client", 700016)),
            ({"tenant": "00000000-0000-0000-0000-000000000002"}, (400, "invalid_request", 90002)),
            ({}, (401, "invalid_client", 7000218)),
            ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
            ({"client_assertion": "x.y.z", "client_assertion_type": ASSERTION_TYPE}, (400, "invalid_request", 50027)),
        ],
    )
    def test_each_refusal_has_entras_code(
        self, cloud: Cloud, form: dict[str, str], expected: tuple[int, str, int]
    ) -> None:
        """Status, OAuth error and AADSTS number are Entra's."""
        answer = ask(cloud, **form)

        assert expected == (answer.status_code, answer.json()["error"], code(answer))

    def test_each_answer_has_the_id_that_support_asks_for(self, cloud: Cloud) -> None:
        """The trace id, in a refusal."""
        granted, answer = ask(cloud, client_secret=cloud.sandbox.endpoints.client_secret), ask(cloud)

        assert answer.json()["trace_id"] == answer.headers["x-ms-request-id"]
        assert granted.headers["x-ms-request-id"] not in {"", answer.headers["x-ms-request-id"]}

    def test_an_unknown_resource_is_500011(self, cloud: Cloud) -> None:
        """A token is only issued for a resource that the tenant knows."""
        secret = cloud.sandbox.endpoints.client_secret

        assert 500011 == code(ask(cloud, client_secret=secret, scope="https://elsewhere.example/.default"))


class TestAccessTokens:
    def refusal(self, cloud: Cloud, token: str) -> tuple[int, Any]:
        answer = cloud.call("GET", cloud.subscription, token=token)
        return answer.status_code, answer.json()["error"]["code"]

    def test_a_token_for_the_registry_is_not_one_for_arm(self, cloud: Cloud) -> None:
        """ARM looks at the audience."""
        token = cloud.token(audience="https://containerregistry.azure.net")

        assert (401, "InvalidAuthenticationToken") == self.refusal(cloud, token)

    def test_an_expired_token_is_refused(self, cloud: Cloud) -> None:
        """Token lifetimes can be set, and are kept."""
        cloud.sandbox.directory.token_lifetime = -1

        assert (401, "ExpiredAuthenticationToken") == self.refusal(cloud, cloud.token())

    def test_no_token_is_refused_with_a_challenge(self, cloud: Cloud) -> None:
        """The answer says who would accept a login."""
        url = f"{cloud.sandbox.endpoints.resource_manager}{cloud.subscription}?api-version=2022-12-01"
        answer = cloud.session.get(url, timeout=10)

        assert (401, "AuthenticationFailed") == (answer.status_code, answer.json()["error"]["code"])
        assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
