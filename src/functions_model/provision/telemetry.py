"""Application Insights: which component is meant, and the settings that make host and app write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
"""https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string."""


def telemetry_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Nothing without a component: what others have set for one of theirs stays."""
    if wanted.insights is None:
        return {}
    connection = {CONNECTION: observed.insights.connection_string.reveal() if observed.insights else None}
    if wanted.by_keys:
        return connection
    who = observed.identity
    return {**connection, AUTHENTICATION: f"ClientId={who.client_id};Authorization=AAD" if who else None}


def obsolete_telemetry(wanted: Wanted) -> frozenset[str]:
    """An identity that the app was given before, and that it writes with no longer."""
    return frozenset({AUTHENTICATION}) if wanted.insights is not None and wanted.by_keys else frozenset()
