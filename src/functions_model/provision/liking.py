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
    site, through = writing.site, writing.patience.through
    if like.properties:
        through(partial(site.update, {"properties": dict(like.properties)}))
    if like.strings is not None:
        through(partial(site.update_connection_strings, like.strings))
    if like.mounts is not None:
        through(partial(site.update_azure_storage_accounts, like.mounts))
    if like.config:
        through(partial(site.update_configuration, like.config))
