"""Telling the scale controller which triggers the new image has."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.azure.errors import explain
from functions_model.core.failures import ApplyIncomplete

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.nouns import Wanted

PATIENCE = 0.0
"""Seconds: one attempt. A host that is still starting is left to `verify`, which watches it and can say why it is
not up; to wait here too would only add to the time that the user gave it."""

_SECONDS = 2.0
_STARTING = frozenset({400, 404, 409, 429, 500, 502, 503, 504})
"""What Resource Manager answers while the container starts: mostly 400, `... from host runtime`."""


def sync_triggers(
    clients: AzureClients,
    wanted: Wanted,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    patience: float = PATIENCE,
) -> bool:
    """Synchronise the triggers; False when the host did not answer in time.

    Raises:
        ApplyIncomplete: Azure refused for a reason that waiting does not mend.
    """
    from azure.core.exceptions import AzureError

    deadline = clock() + patience
    while True:
        try:
            clients.web.web_apps.sync_function_triggers(wanted.group, wanted.app_name)
        except AzureError as exc:
            error = explain(exc, f"synchronise the triggers of `{wanted.app_name}`")
            if error.status not in _STARTING:
                raise ApplyIncomplete(error.action, error.reason, error.remedy) from exc
        else:
            return True
        if clock() >= deadline:
            return False
        sleep(_SECONDS)
