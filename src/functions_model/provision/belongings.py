"""What an app has beside its settings, and a swap may take from it: connection strings and mounts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.azure.site import Site


@dataclass(frozen=True, slots=True)
class Belongings:
    """Those of an app, or of a slot.

    Attributes:
        strings: Connection strings by name, each with its `value`, a secret, and its `type`.
        mounts: Storage that is mounted, by name, each with its `accessKey`, a secret.
    """

    strings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    mounts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values among them."""
        values = [one.get("value") for one in self.strings.values()]
        keys = [one.get("accessKey") for one in self.mounts.values()]
        return tuple(str(secret) for secret in (*values, *keys) if secret)


NONE = Belongings()


def read_belongings(where: Site) -> Belongings:
    """Both, read side by side; none of what is not there."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        asked = [threads.submit(read) for read in (where.list_connection_strings, where.list_azure_storage_accounts)]
        try:
            strings, mounts = (answer.result() for answer in asked)
        except ResourceNotFoundError:
            return NONE
    return Belongings(strings, {name: _without_state(mount) for name, mount in mounts.items()})


def _without_state(mount: Mapping[str, Any]) -> dict[str, Any]:
    """What Azure adds: whether the mount works."""
    return {name: value for name, value in mount.items() if name != "state"}
