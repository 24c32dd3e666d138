"""Two hosts that would be called the same in one storage account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from azure_sandbox.apps.host_ids import host_id_of, stops_for

from .stored import Host

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage

LONG = "contoso-churn-prediction-scoring-prod"
OTHER = "contoso-churn-prediction-scoring-test"


@pytest.fixture(scope="module")
def host(azurite: AzuriteStorage, tls: TlsFiles) -> Host:
    return Host(azurite, tls, "hostids")


class TestAHostsId:
    def test_is_its_name_cut_to_32_characters(self, host: Host) -> None:
        """In lower case, without a hyphen at the end; a setting goes before it, in any case of letters."""
        own = {"azurefunctionswebhost__HOSTID": "own"}

        assert "contoso-churn-prediction-scoring" == host_id_of(host.site(LONG)).text
        assert "a" * 31 == host_id_of(host.site("A" * 31 + "-b")).text
        assert ("own", False) == (host_id_of(host.site(LONG, **own)).text, host_id_of(host.site(LONG, **own)).is_cut)

    def test_that_was_cut_belongs_to_who_came_first(self, host: Host) -> None:
        """The second host says so and ends; the first one may start again."""
        first = host.storage.collision(host.site(LONG), "prod.test")
        again = host.storage.collision(host.site(LONG), "PROD.test")
        second = host.storage.collision(host.site(OTHER), "test.test")

        assert ("", "") == (first, again)
        assert "A collision for Host ID 'contoso-churn-prediction-scoring' was detected" in second
        assert stops_for({})
        assert not stops_for({"FUNCTIONS_HOSTID_CHECK_LEVEL": "Warning"})

    def test_that_was_given_or_is_short_is_not_looked_at(self, host: Host) -> None:
        """As the real host does not."""
        given = host.site(OTHER, AzureFunctionsWebHost__hostid="contoso-churn-prediction-scoring")

        assert "" == host.storage.collision(given, "other.test")
        assert ["", ""] == [host.storage.collision(host.site("iris"), name) for name in ("a.test", "b.test")]
