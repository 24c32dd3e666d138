"""What is attached to an image, as whoever scans images asks for it."""

from __future__ import annotations

from functions_model.core.references import Digest
from functions_model.image.manifests import OCI_INDEX, Descriptor, Index, parse_manifest
from functions_model.registry.access import Access
from functions_model.registry.client import Call, RegistryClient
from functions_model.registry.content import get_manifest
from functions_model.registry.errors import RegistryRefused


def list_referrers(
    client: RegistryClient, repository: str, digest: Digest, *, artifact_type: str = ""
) -> tuple[Descriptor, ...]:
    """What is attached to a manifest.

    Args:
        client: The registry.
        repository: Where the manifest is.
        digest: Its digest.
        artifact_type: Only attachments of this type; empty for all.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    access = Access(repository)
    found = _referrers(client, access, digest)
    if found is None:
        found = _fallback(client, access, digest)
    return tuple(entry for entry in found if artifact_type in {"", entry.artifact_type})


def _referrers(client: RegistryClient, access: Access, digest: Digest) -> tuple[Descriptor, ...] | None:
    """From the registry's own list, page by page; None when it keeps none."""
    action = f"list what is attached to `{client.host}/{access.repository}@{digest}`"
    path: str | None = f"/v2/{access.repository}/referrers/{digest}"
    found: list[Descriptor] = []
    while path:
        call = Call("GET", path, access, action, frozenset({200, 404}), headers={"Accept": OCI_INDEX})
        response = client.call(call)
        if response.status_code == 404:
            return None
        found += _index(response.content).manifests
        path = response.links.get("next", {}).get("url")
    return tuple(found)


def _fallback(client: RegistryClient, access: Access, digest: Digest) -> tuple[Descriptor, ...]:
    """From the tag that clients keep where the registry keeps no list."""
    try:
        fetched = get_manifest(client, access, digest.replace(":", "-"))
    except RegistryRefused as refused:
        if refused.status != 404:
            raise
        return ()
    return _index(fetched.content).manifests


def _index(content: bytes) -> Index:
    parsed = parse_manifest(content, OCI_INDEX)
    assert isinstance(parsed, Index)
    return parsed
