"""A probe of a blob trigger in the sandbox's storage, by Azure's client. The test is the app behind the container."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from azure.mgmt.storage.models import BlobContainer
from azure.storage.blob import BlobServiceClient

from functions_model.azure.data import BlobData, DataRefused
from functions_model.core.blob_paths import parse_blob_path
from functions_model.verify.blob_probe import BlobProbe
from support.sandbox_login import logged_in_to
from support.triggers import account_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

ACCOUNT, GROUP = "probeaccount", "probe-account-group"
OTHERS = ["a.json", "functionsmodelprobe.json"]


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Iterator[BlobServiceClient]:
    """An account with two containers, and a blob of others in each."""
    with logged_in_to(sandbox) as azure:
        body: Any = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        azure.clients.resource.resource_groups.create_or_update(GROUP, body)
        made: Any = azure.clients.storage.storage_accounts.begin_create(GROUP, ACCOUNT, body).result()
        for container in ("input", "output"):
            azure.clients.storage.blob_containers.create(GROUP, ACCOUNT, container, BlobContainer())
    token, ca = account_token(sandbox, ACCOUNT), str(sandbox.endpoints.ca_file)
    client = BlobServiceClient(made.primary_endpoints.blob, credential=token, connection_verify=ca, retry_total=0)
    with closing(client):
        for container in ("input", "output"):
            for name in OTHERS:
                client.get_blob_client(container, name).upload_blob(b"theirs")
        yield client


@pytest.fixture
def probe(account: BlobServiceClient, tmp_path: Path) -> BlobProbe:
    sample = tmp_path / "sample.json"
    sample.write_bytes(b"{}")
    source, target = parse_blob_path("input/{name}.json"), parse_blob_path("output/{name}.json")
    return BlobProbe(BlobData(account), source, target, sample, "application/json")


def names(account: BlobServiceClient, container: str) -> list[str]:
    return sorted(account.get_container_client(container).list_blob_names())


class TestAProbe:
    def test_is_a_blob_and_its_answer(self, account: BlobServiceClient, probe: BlobProbe) -> None:
        """Of all blobs these two go."""
        probe.send()
        blob = account.get_blob_client("input", probe.name).download_blob()
        before = probe.answered()
        account.get_blob_client("output", probe.name).upload_blob(b"the answer")

        assert (b"{}", "application/json") == (blob.readall(), blob.properties.content_settings.content_type)
        assert (False, True, "") == (before, probe.answered(), probe.clean())
        assert [OTHERS, OTHERS] == [names(account, container) for container in ("input", "output")]

    def test_that_is_not_answered_goes_too(self, account: BlobServiceClient, probe: BlobProbe) -> None:
        """So nothing is scored later."""
        probe.send()

        assert ("", OTHERS) == (probe.clean(), names(account, "input"))

    def test_is_written_over_nothing(self, account: BlobServiceClient, probe: BlobProbe) -> None:
        """Whatever is there by that name is somebody's."""
        account.get_blob_client("input", probe.name).upload_blob(b"theirs")
        with pytest.raises(DataRefused, match="BlobAlreadyExists"):
            probe.send()

        assert ("", sorted([*OTHERS, probe.name])) == (probe.clean(), names(account, "input"))
        account.get_blob_client("input", probe.name).delete_blob()
