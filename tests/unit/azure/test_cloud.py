"""Finding a cloud's endpoints."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from functions_model.azure.cloud import AZURE_CHINA_CLOUD, AZURE_CLOUD, AZURE_US_GOVERNMENT, resolve_cloud
from functions_model.core.failures import LoginFailed

LOCAL = "https://localhost:8443"
ENTRY = {
    "name": "Sandbox",
    "resourceManager": f"{LOCAL}/",
    "portal": "",
    "authentication": {"loginEndpoint": "https://localhost:8444/", "audiences": ["https://management.test/"]},
    "suffixes": {"acrLoginServer": "azurecr.test", "storage": "core.test"},
}


class TestKnownClouds:
    @pytest.mark.parametrize("cloud", [AZURE_CLOUD, AZURE_US_GOVERNMENT, AZURE_CHINA_CLOUD])
    def test_are_found_by_name(self, cloud: Any) -> None:
        """The three public clouds need no request."""
        assert resolve_cloud(cloud.name) is cloud

    def test_ask_registry_tokens_for_the_registry_audience(self) -> None:
        """Registries may refuse tokens that were made for Resource Manager."""
        assert AZURE_CLOUD.registry_scope == "https://containerregistry.azure.net/.default"


class TestRegistriesOfACloud:
    @pytest.mark.parametrize("host", ["contoso.azurecr.io", "contoso-abc123.azurecr.io", "CONTOSO.azurecr.io:443"])
    def test_end_in_its_suffix(self, host: str) -> None:
        """With a domain name label too, in any case, with or without a port."""
        assert AZURE_CLOUD.has_registry(host)

    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1:5000", "contoso.azurecr.cn", "azurecr.io.evil.test", "evilazurecr.io", "contoso.azurecr.io.", ""],
    )
    def test_are_no_others(self, host: str) -> None:
        """Least of all those that look like one."""
        assert not AZURE_CLOUD.has_registry(host)

    def test_are_none_where_it_names_no_suffix(self) -> None:
        """Then only those that Resource Manager names are known."""
        cloud = resolve_cloud(LOCAL, fetch=lambda _: {**ENTRY, "suffixes": {}})

        assert not cloud.has_registry("contoso.azurecr.io")


class TestACloudByUrl:
    @pytest.mark.parametrize("document", [ENTRY, [{"resourceManager": "https://other.test"}, ENTRY]])
    def test_is_read_from_its_resource_manager(self, document: Any) -> None:
        """The description may be one entry, or a list with the Resource Manager's own in it."""
        asked: list[str] = []

        def fetch(url: str) -> Any:
            asked.append(url)
            return document

        cloud = resolve_cloud(f"{LOCAL}/", fetch=fetch)

        assert [f"{LOCAL}/metadata/endpoints?api-version=2022-09-01"] == asked
        assert (LOCAL, "https://localhost:8444") == (cloud.resource_manager, cloud.authority)
        assert "https://management.test/.default" == cloud.arm_scope
        assert (".azurecr.test", "core.test") == (cloud.registry_suffix, cloud.storage_suffix)
        assert cloud.is_custom

    @pytest.mark.parametrize("document", [{}, [], [1], "text", {"authentication": {"audiences": []}}])
    def test_is_refused_when_it_describes_nothing(self, document: Any) -> None:
        """An answer of another shape is a failure with the way out, not a bug."""
        with pytest.raises(LoginFailed, match="does not describe a cloud"):
            resolve_cloud(LOCAL, fetch=lambda _: document)

    def test_is_refused_when_it_does_not_answer(self) -> None:
        """The reason of the broken connection is told."""

        def fetch(_: str) -> Any:
            raise requests.ConnectionError("certificate verify failed")

        with pytest.raises(LoginFailed, match=r"of `localhost:8443` is not trusted .*SSL_CERT_FILE"):
            resolve_cloud(LOCAL, fetch=fetch)

    @pytest.mark.parametrize("name", ["AzureMoon", "http://localhost:1", "https://"])
    def test_is_refused_when_it_is_no_https_url(self, name: str) -> None:
        """Tokens are never sent over plain http; the known names are listed."""
        with pytest.raises(LoginFailed, match="`AzureCloud`, `AzureUSGovernment`"):
            resolve_cloud(name)
