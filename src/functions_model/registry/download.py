"""A blob as a file: whole, held to its digest, and fetched again when a transfer breaks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from functions_model.core.failures import RegistryFailed
from functions_model.registry.access import Access
from functions_model.registry.content import stream_blob
from functions_model.registry.retries import AttemptFailed, persist

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.digests import Digest
    from functions_model.registry.client import RegistryClient


def download_blob(client: RegistryClient, repository: str, digest: Digest, target: Path) -> Path:
    """Fetch a blob into a file.

    Args:
        client: The registry.
        repository: Where the blob lies.
        digest: What it must have.
        target: The file to write; its folder is made.

    Raises:
        RegistryFailed: Refused, broken off too often, or the content is not what its digest says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)

    def attempt() -> Path:
        found = hashlib.sha256()
        with stream_blob(client, Access(repository), digest) as blocks, target.open("wb") as file:
            for block in blocks:
                found.update(block)
                file.write(block)
        if found.hexdigest() != digest.removeprefix("sha256:"):
            action = f"read the layer `{client.host}/{repository}@{digest}`"
            what = f"`{client.host}` sent other bytes than {digest}"
            remedy = "Run again; if it stays, the registry or a proxy is broken."
            raise AttemptFailed(RegistryFailed(action, what, remedy))
        return target

    return persist(attempt, client.patience, client.sleep)
