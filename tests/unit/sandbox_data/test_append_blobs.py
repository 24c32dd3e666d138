"""The payload's append blobs against Azurite: what the service itself says of them."""

from __future__ import annotations

import base64
import ssl
from typing import TYPE_CHECKING

import pytest

from functions_model.payload.append_blobs import AppendBlobs, by_key
from functions_model.payload.sink import TryLater

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage

pytestmark = pytest.mark.exhaustive

KEYS = (base64.b64encode(b"first" * 8).decode(), base64.b64encode(b"second" * 8).decode())


@pytest.fixture
def store(azurite: AzuriteStorage, tls: TlsFiles) -> AppendBlobs:
    """Blobs of an account, by its second key."""
    ends = azurite.create("collecting", KEYS)
    azurite.create_container("collecting", "seen")
    sign = by_key({"accountname": "collecting", "accountkey": KEYS[1]})
    return AppendBlobs(ends.blob, "seen", "process", sign, trust=ssl.create_default_context(cafile=str(tls.ca_file)))


def content(azurite: AzuriteStorage) -> dict[str, bytes]:
    with azurite.client("collecting") as client:
        container = client.get_container_client("seen")
        return {blob.name: bytes(container.download_blob(blob.name).readall()) for blob in container.list_blobs()}


def test_blocks_are_appended(azurite: AzuriteStorage, store: AppendBlobs) -> None:
    """The signature holds for both requests, and names with a blank or an umlaut."""
    store.append("a b/\u00fc/2026/11/30/23", b"one\n")
    store.append("a b/\u00fc/2026/11/30/23", b"two\n")

    assert {"a b/\u00fc/2026/11/30/23/process-1.jsonl": b"one\ntwo\n"}.items() <= content(azurite).items()


def test_a_block_that_is_there_is_not_sent_twice(azurite: AzuriteStorage, store: AppendBlobs) -> None:
    """The condition is refused as the service refuses it; so is the making of a blob that is there."""
    store.append("twice", b"one\n")
    blob = store._blobs["twice"]
    blob.length, blob.made, blob.unsure = 0, False, True

    store.append("twice", b"one\n")
    store.append("twice", b"two\n")

    assert {"twice/process-1.jsonl": b"one\ntwo\n"}.items() <= content(azurite).items()


def test_a_container_that_is_not_there_may_come(azurite: AzuriteStorage, tls: TlsFiles) -> None:
    """Somebody may have deleted it, and a run makes it again."""
    ends = azurite.create("collecting", KEYS)
    sign = by_key({"accountname": "collecting", "accountkey": KEYS[0]})
    trust = ssl.create_default_context(cafile=str(tls.ca_file))

    with pytest.raises(TryLater, match="404 ContainerNotFound"):
        AppendBlobs(ends.blob, "nowhere", "p", sign, trust=trust).append("f", b"one\n")
