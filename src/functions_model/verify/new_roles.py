"""Roles that a run has just assigned: whether an app is not live yet because they do not count yet.

Nobody but the app can try them, and only its log tells. Azure says up to ten minutes:
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.verify.causes import named_cause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_model.provision.endpoint import Endpoint

LONGEST = 600.0
"""Seconds that an app has on top of its own time, while its new roles do not count."""
_ENDS_WITH = {
    "pull-denied": ("AcrPull", "Container Registry "),
    "storage-denied": ("Storage ",),
    "data-denied": ("Storage ",),
    "service-bus-denied": ("Azure Service Bus ",),
}
"""Causes that end when a role counts, and how the names of such roles begin."""


def denied_for_now(new_roles: Iterable[str], log: str, reason: str, endpoint: Endpoint) -> str:
    """What the app is not allowed to do yet, a clause; empty when no new role would change it.

    Args:
        new_roles: Names of the roles.
        log: The app's container log.
        reason: Why it is not live.
        endpoint: The app.
    """
    cause = named_cause(f"{log}\n{reason}", endpoint)
    if cause is None or not any(role.startswith(_ENDS_WITH.get(cause.name, ())) for role in new_roles):
        return ""
    return cause.meaning
