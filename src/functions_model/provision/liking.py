"""Writing to a slot what it takes over from its app."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions_model.provision.kind import Writing
    from functions_model.provision.likeness import Likeness


def config_of(like: Likeness) -> dict[str, Any]:
    """It as a part of the `siteConfig` of a slot that is made."""
    config: dict[str, Any] = dict(like.config)
    if like.strings:
        config["connectionStrings"] = [
            {"name": name, "connectionString": one.get("value"), "type": one.get("type")}
            for name, one in sorted(like.strings.items())
        ]
    return {**config, "azureStorageAccounts": dict(like.mounts)} if like.mounts else config


def make_alike(writing: Writing, like: Likeness) -> None:
    """Write it to a slot that is there; each kind in a request of its own, before the image comes."""
    site = writing.site
    writes: list[tuple[str, dict[str, Any]]] = []
    if like.properties:
        writes.append(("update", {"site_envelope": {"properties": dict(like.properties)}}))
    if like.strings is not None:
        writes.append(("update_connection_strings", {"connection_strings": {"properties": dict(like.strings)}}))
    if like.mounts is not None:
        writes.append(("update_azure_storage_accounts", {"azure_storage_accounts": {"properties": dict(like.mounts)}}))
    if like.config:
        writes.append(("update_configuration", {"site_config": {"properties": dict(like.config)}}))
    for operation, body in writes:
        writing.patience.through(partial(site.ask, operation, **body))
