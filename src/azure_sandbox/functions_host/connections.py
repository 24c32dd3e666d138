"""Connections of bindings: a connection string in a setting, or a group of settings with a service and an identity.

`TriggerConnectionString` is the former, `TriggerConnectionString__blobServiceUri` and its like are the latter. The
setting wins.
https://learn.microsoft.com/azure/azure-functions/functions-reference#connections
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "AzureWebJobs"


@dataclass(frozen=True, slots=True)
class Connection:
    """What the settings of one connection say.

    Attributes:
        name: As the binding names it.
        text: The connection string; empty when there is none.
        parts: The group's settings by their last part in lower case: `blobserviceuri`, `clientid`.
    """

    name: str
    text: str
    parts: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """For the way to the listeners."""
        return asdict(self)


def find_connection(name: str, environ: Mapping[str, str]) -> Connection | None:
    """The connection with that name; None when no setting tells of it.

    Args:
        name: Of a setting. One with `AzureWebJobs` before it counts first, as in the real host.
        environ: The app's settings; case does not count in their names.
    """
    for candidate in (f"{_PREFIX}{name}", name):
        text = setting(candidate, environ) or ""
        parts = _group(candidate, environ)
        if text or parts:
            return Connection(name, text, {} if text else parts)
    return None


def setting(name: str, environ: Mapping[str, str]) -> str | None:
    """A setting's value, whatever the case of its name."""
    if name in environ:
        return environ[name]
    wanted = name.lower()
    return next((value for key, value in environ.items() if key.lower() == wanted), None)


def _group(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    start = f"{name}__".lower()
    return {key[len(start) :].lower(): value for key, value in environ.items() if key.lower().startswith(start)}
