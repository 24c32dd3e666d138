"""Azurite behind storage accounts."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING

import httpx
import pytest

from azure_sandbox.apps.storage_accounts import OpenAccount

from .conftest import trust

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage

pytestmark = pytest.mark.exhaustive

KEYS = (base64.b64encode(b"first" * 8).decode(), base64.b64encode(b"second" * 8).decode())


class TestAccounts:
    def test_both_keys_open_the_account_and_another_does_not(self, azurite: AzuriteStorage, tls: TlsFiles) -> None:
        """The blob client works with either key of the account, and is refused with a made-up one."""
        from azure.core.exceptions import HttpResponseError
        from azure.storage.blob import BlobServiceClient

        ends = azurite.create("alpha", KEYS)

        def put(key: str, blob: str) -> None:
            credential = {"account_name": "alpha", "account_key": key}
            with BlobServiceClient(ends.blob, credential=credential, connection_verify=str(tls.ca_file)) as client:
                client.get_blob_client("things", blob).upload_blob(b"content", overwrite=True)

        assert azurite.create_container("alpha", "things") is True
        put(KEYS[0], "one")
        put(KEYS[1], "two")
        with pytest.raises(HttpResponseError) as refused:
            put(base64.b64encode(b"wrong").decode(), "three")
        with azurite.client("alpha") as client:
            names = [blob.name for blob in client.get_container_client("things").list_blobs()]

        assert names == ["one", "two"]
        assert getattr(refused.value, "error_code", "") == "InvalidAuthenticationInfo"

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
    def test_no_proxy_is_asked_for_an_account(
        self, azurite: AzuriteStorage, tls: TlsFiles, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """The clients of the sandbox and of its apps reach an account behind a proxy that would not find it."""
        ends = azurite.create("proxied", KEYS)
        credential = {"account_name": "proxied", "account_key": KEYS[0]}
        account = OpenAccount(credential, ends.blob, ends.queue, tls.ca_file, headers={})
        azurite.create_container("proxied", "things")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv(name, "http://127.0.0.1:1")

        with azurite.client("proxied") as own, account.blobs() as blobs, account.queues() as queues:
            assert ["things"] == [container.name for container in own.list_containers()]
            assert ["things"] == [container.name for container in blobs.list_containers()]
            assert [] == list(queues.list_queues())

    def test_create_is_idempotent(self, azurite: AzuriteStorage) -> None:
        """A second create gives the endpoints of the account that lives, and a second container says it was there."""
        first = azurite.create("beta", KEYS)
        azurite.create_container("beta", "things")

        assert first == azurite.create("beta", KEYS)
        assert False is azurite.create_container("beta", "things")

    def test_an_account_is_found_by_its_endpoint(self, azurite: AzuriteStorage) -> None:
        """The blob service's URL, with or without the last slash, names the account."""
        ends = azurite.create("gamma", KEYS)

        assert azurite.account_at(ends.blob.rstrip("/")) == "gamma"
        assert None is azurite.account_at("https://localhost:1/gamma")

    def test_a_removed_account_is_empty_when_it_comes_back(self, azurite: AzuriteStorage) -> None:
        """Removing deletes the data; so it is with a container alone."""
        azurite.create("delta", KEYS)
        azurite.create_container("delta", "things")
        azurite.upload("delta", "alone", "one", b"content")
        assert [True, False] == [azurite.remove_container("delta", "alone") for _ in range(2)]
        azurite.remove("delta")
        azurite.create("delta", KEYS)

        assert True is azurite.create_container("delta", "things")


class TestSignatures:
    def test_a_signature_opens_what_it_was_made_for(self, azurite: AzuriteStorage, tls: TlsFiles) -> None:
        """A link with what `listAccountSas` answers reads a blob without a client, and cannot write."""
        from azure_sandbox.arm.storage.signatures import account_signature

        ends = azurite.create("zeta", KEYS)
        azurite.upload("zeta", "things", "one", b"content")
        wanted = {
            "signedServices": "b",
            "signedResourceTypes": "o",
            "signedPermission": "r",
            "signedExpiry": (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat(),
            "signedProtocol": "https",
            "keyToSign": "key2",
        }
        link = f"{ends.blob}things/one?{account_signature('zeta', KEYS, wanted)}"
        with httpx.Client(verify=trust(tls)) as client:
            answer = client.get(link)
            written = client.put(link, content=b"other", headers={"x-ms-blob-type": "BlockBlob"})
            bare = client.get(link.partition("?")[0])

        assert (200, b"content") == (answer.status_code, answer.content)
        assert [403, 403] == [written.status_code, bare.status_code]
