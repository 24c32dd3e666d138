"""The metadata service of a machine of Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from azure.identity import ManagedIdentityCredential

from azure_sandbox.imds import PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure_sandbox.contract import Principal
    from unit.sandbox_control.conftest import Cloud

ARM = "https://management.azure.com/"
ASKED = {"api-version": "2018-02-01", "resource": ARM}
MEANT = {"Metadata": "true"}
TWO = "Multiple user assigned identities exist"


def ask(cloud: Cloud, headers: Mapping[str, str] = MEANT, **params: str) -> requests.Response:
    url = f"{cloud.sandbox.endpoints.imds}{PATH}"
    return requests.get(url, params={**ASKED, **params}, headers=headers, timeout=10)


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error_description"])


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


@pytest.fixture
def assigned(cloud: Cloud) -> Iterator[tuple[Principal, ...]]:
    """Two user-assigned identities beside the machine's own."""
    imds, directory = cloud.sandbox.imds, cloud.sandbox.directory
    imds.assigned = tuple(directory.add_managed_identity(name, f"/identities/{name}") for name in ("one", "two"))
    yield imds.assigned
    for one in imds.assigned:
        directory.remove(one.object_id)
    imds.assigned = ()


class TestAToken:
    def test_is_the_machines_own(self, cloud: Cloud) -> None:
        """By itself; every value of the answer is a text."""
        answer, system = ask(cloud).json(), cloud.sandbox.imds.system
        assert system is not None

        assert (system.client_id, ARM) == (
            claims(answer["access_token"])["appid"],
            claims(answer["access_token"])["aud"],
        )
        assert {str} == {type(value) for value in answer.values()}

    def test_is_a_user_assigned_ones_by_its_client_id(self, cloud: Cloud, assigned: tuple[Principal, ...]) -> None:
        """As Azure's own client asks."""
        host, named = cloud.sandbox.endpoints.imds, assigned[1].client_id
        with pytest.MonkeyPatch.context() as environ:
            environ.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", host)
            with ManagedIdentityCredential(client_id=named) as credential:
                token = credential.get_token(f"{ARM}.default").token

        assert named == claims(token)["appid"]


class TestARefusal:
    def test_without_the_header(self, cloud: Cloud) -> None:
        """A page in a browser cannot send it, nor may a proxy pass a request on."""
        told = (400, "Required metadata header not specified")
        forwarded = {**MEANT, "X-Forwarded-For": "10.0.0.1"}

        assert [told, told] == [refusal(ask(cloud, headers)) for headers in ({}, forwarded)]

    @pytest.mark.parametrize(
        ("params", "error"),
        [
            ({"api-version": ""}, "bad_request"),
            ({"resource": "https://nowhere.example"}, "invalid_resource"),
            ({"client_id": "11111111-1111-1111-1111-111111111111"}, "invalid_request"),
        ],
        ids=["no-version", "unknown-resource", "unknown-identity"],
    )
    def test_names_what_is_wrong(self, cloud: Cloud, params: dict[str, str], error: str) -> None:
        """In OAuth's form."""
        answer = ask(cloud, MEANT, **params)

        assert (400, error) == (answer.status_code, answer.json()["error"])

    def test_of_a_machine_with_several_and_none_named(self, cloud: Cloud, assigned: tuple[Principal, ...]) -> None:
        """It has no identity of its own, and does not choose."""
        imds = cloud.sandbox.imds
        imds.system, own = None, imds.system
        told = refusal(ask(cloud))
        imds.system = own

        assert len(assigned) == 2
        assert told[1].startswith(TWO)


def test_the_journal_has_who_was_asked_for(cloud: Cloud) -> None:
    """A test sees from it that nobody asked."""
    cloud.sandbox.journal.clear()
    ask(cloud, client_id="nobody")

    (entry,) = cloud.sandbox.journal.entries("imds")
    assert entry.path == f"{PATH}?api-version=2018-02-01&resource={ARM}&client_id=nobody"
