"""Microsoft's own client of managed identities, at the endpoint that an app's code has."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.apps.identity_endpoint import IdentityEndpoint
from azure_sandbox.contract import SiteDefinition

from .conftest import FakeDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.contract import Principal

PROGRAM = """
from azure.identity import DefaultAzureCredential
print(DefaultAzureCredential().get_token("https://storage.azure.com/.default").token)
"""


@pytest.fixture(scope="module")
def directory() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture(scope="module")
def endpoint(directory: FakeDirectory) -> Iterator[IdentityEndpoint]:
    one = IdentityEndpoint(directory)
    yield one
    one.close()


def token(endpoint: IdentityEndpoint, *identities: Principal, **variables: str) -> str:
    """What `DefaultAzureCredential()` gets in the app `words`, and the end of what it says when it gets nothing."""
    site = SiteDefinition(
        resource_id="words",
        name="words",
        linux_fx_version="",
        app_settings={},
        identities={one.client_id: one for one in identities},
        acr_identity_client_id=None,
    )
    # No other credential is found on an empty path.
    environ = {"PATH": "", "HOME": os.devnull, **endpoint.variables(site), **variables}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip() or done.stderr


class TestDefaultAzureCredential:
    def test_takes_the_system_assigned_identity_by_itself(
        self, endpoint: IdentityEndpoint, directory: FakeDirectory
    ) -> None:
        """It bears the app's name."""
        assert "client-words|https://storage.azure.com" == token(endpoint, directory.add("words"))

    def test_takes_a_user_assigned_one_that_is_named(
        self, endpoint: IdentityEndpoint, directory: FakeDirectory
    ) -> None:
        """By `AZURE_CLIENT_ID`."""
        who = directory.add("scorer")

        got = token(endpoint, who, AZURE_CLIENT_ID=who.client_id)

        assert "client-scorer|https://storage.azure.com" == got

    def test_finds_no_user_assigned_one_that_is_not_named(
        self, endpoint: IdentityEndpoint, directory: FakeDirectory
    ) -> None:
        """However many or few there are."""
        said = token(endpoint, directory.add("scorer"))

        assert "DefaultAzureCredential failed to retrieve a token" in said
        assert "Unable to load the proper Managed Identity" in said

    def test_finds_nothing_in_an_app_without_identities(self, endpoint: IdentityEndpoint) -> None:
        """There is no endpoint in it."""
        assert "DefaultAzureCredential failed to retrieve a token" in token(endpoint)
