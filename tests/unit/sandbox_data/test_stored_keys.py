"""What a functions host's stored keys are worth after its settings change."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.apps.key_protection import LOCAL, MACHINE
from azure_sandbox.apps.storage_accounts import StorageRefused
from azure_sandbox.apps.stored_keys import MOST_SNAPSHOTS

from .stored import Host

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage


@pytest.fixture
def host(azurite: AzuriteStorage, tls: TlsFiles, request: pytest.FixtureRequest) -> Host:
    return Host(azurite, tls, f"keys{zlib.crc32(request.node.name.encode())}")


@pytest.mark.exhaustive
class TestStoredKeys:
    def test_are_the_same_as_long_as_the_machine_key_is(self, host: Host) -> None:
        """Whatever else changes; no key lies in the open."""
        first = host.keys(host.site(**{MACHINE: "A" * 64}))
        host.storage.store_function_keys(host.site(**{MACHINE: "A" * 64}), {"score": {"default": "key"}})
        again = host.keys(host.site(**{MACHINE: "A" * 64, "OTHER": "x"}))
        text = json.dumps(host.blobs())

        assert replace(first, functions={"score": {"default": "key"}}) == again
        assert [] == [key for key in (first.master, *first.host.values(), '"key"') if key in text]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({}, {MACHINE: "A" * 64}), ({MACHINE: "A" * 64}, {}), ({MACHINE: "A" * 64}, {MACHINE: "B" * 64})],
        ids=["added", "taken away", "changed"],
    )
    def test_are_made_anew_with_another_machine_key(
        self, host: Host, before: dict[str, str], after: dict[str, str]
    ) -> None:
        """Master, host and function keys: each caller's is worth nothing. What could not be read is kept beside."""
        first = host.keys(host.site(**before))
        host.storage.store_function_keys(host.site(**before), {"score": {"default": "key"}})
        then = host.keys(host.site(**after))

        assert first.master != then.master
        assert first.host.keys() == then.host.keys()
        assert first.host != then.host
        assert {"score": {"default": "key"}} != then.functions
        assert {"score"} == then.functions.keys()
        assert then == host.keys(host.site(**after))
        assert ["host", "score"] == sorted(name[5:].partition(".")[0] for name in host.blobs() if "snapshot" in name)

    def test_that_are_not_encrypted_stay(self, host: Host) -> None:
        """A key that somebody has put there in the open outlives a change of the machine key."""
        host.keys(host.site())
        content = host.blobs()["iris/host.json"]
        content["functionKeys"].append({"name": "partner", "value": "in the open", "encrypted": False})
        host.put("iris/host.json", content)
        then = host.keys(host.site(**{MACHINE: "A" * 64}))

        assert "in the open" == then.host["partner"]

    def test_belong_to_their_slot(self, host: Host) -> None:
        """A slot has a folder, keys and a machine key of its own, in the same account."""
        app, slot = host.keys(host.site()), host.keys(host.site("iris-staging"))

        assert {"iris/host.json", "iris-staging/host.json"} == host.blobs().keys()
        assert app.master != slot.master
        assert (app, slot) == (host.keys(host.site()), host.keys(host.site("iris-staging")))

    def test_of_an_app_that_was_deleted_cannot_be_read_by_the_next(self, host: Host) -> None:
        """The same name on the same account is given another key by App Service."""
        first = host.keys(host.site())
        host.storage.forget("iris")

        assert first.master != host.keys(host.site()).master

    def test_follow_the_local_encryption_key_first(self, host: Host) -> None:
        """`AzureWebEncryptionKey` counts before the machine key."""
        first = host.keys(host.site(**{LOCAL: "C" * 64}))

        assert first == host.keys(host.site(**{LOCAL: "C" * 64, MACHINE: "A" * 64}))

    def test_in_files_are_made_anew_at_each_start(self, host: Host) -> None:
        """A container's files go with it: so they do when a swap starts it in another place."""
        site = host.site(AzureWebJobsSecretStorageType="Files")
        host.storage.store_function_keys(site, {"score": {"default": "key"}})

        assert host.keys(site).master != host.keys(site).master
        assert {} == host.keys(site).functions

    def test_are_given_up_after_ten_changes(self, host: Host) -> None:
        """The host keeps ten snapshots and then starts no more."""
        for number in range(MOST_SNAPSHOTS + 1):
            host.keys(host.site(**{MACHINE: f"{number:064}"}))

        with pytest.raises(StorageRefused, match="more than 10 non-decryptable secrets backups"):
            host.keys(host.site())
