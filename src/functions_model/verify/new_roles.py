"""Roles that a run has just assigned: whether an app is not live yet because they do not count yet.

Nobody but the app can try them, and only its log tells. Azure says up to ten minutes:
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected.
"""

from __future__ import annotations

from functions_model.verify.causes import named_cause

LONGEST = 600.0
"""Seconds that an app has on top of its own time, while its new roles do not count."""
_DENIALS = {"pull-denied", "storage-denied", "data-denied", "service-bus-denied"}
"""Causes that end when a role counts."""


def denied_for_now(log: str, reason: str) -> str:
    """What the app is not allowed to do, a clause; empty when that is not what keeps it.

    Args:
        log: Its container log.
        reason: Why it is not live.
    """
    cause = named_cause(f"{log}\n{reason}")
    return cause.meaning if cause is not None and cause.name in _DENIALS else ""
