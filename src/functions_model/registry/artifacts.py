"""Manifests: of images, and of what else a registry keeps in the same form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.digests import digest_of
from functions_model.core.failures import RegistryFailed
from functions_model.registry.client import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.registry.upload import Upload


def put_manifest(upload: Upload, content: bytes, media_type: str, name: str = "") -> Mapping[str, str]:
    """Write a manifest or an index.

    Args:
        upload: The repository.
        content: Its bytes.
        media_type: Its kind.
        name: A tag; empty for its digest alone.

    Returns:
        The answer's headers.

    Raises:
        RegistryFailed: Refused, or broken off too often, or kept as something else.
        Stopped: Another part of the push failed for good.
    """
    client, digest = upload.client, digest_of(content)
    place = f"{client.host}/{upload.access.repository}{f':{name}' if name else f'@{digest}'}"
    action = f"write the manifest `{place}`"
    path = f"/v2/{upload.access.repository}/manifests/{name or digest}"
    headers = {"Content-Type": media_type}
    upload.stop.check()
    answer = client.call(Call("PUT", path, upload.access, action, frozenset({201}), headers=headers, body=content))
    upload.tally.sent(len(content))
    kept = answer.headers.get("Docker-Content-Digest", digest)
    if kept != digest:
        what = f"`{client.host}` keeps it as {kept}, not as {digest}"
        raise RegistryFailed(action, what, "Check that no proxy changes what is sent.")
    return answer.headers
