"""Application Insights: which component is meant, and the settings that make host and app write to it."""

from __future__ import annotations

from functions_model.provision.host import Wanted
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights
from functions_model.provision.observed import Observed

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
"""https://learn.microsoft.com/azure/azure-functions/functions-app-settings#applicationinsights_authentication_string."""


def telemetry_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Nothing without a component: what others have set for one of theirs stays."""
    component = observed.of(ObservedInsights)
    if wanted.insights is None:
        return {}
    connection = {CONNECTION: component.connection_string.reveal() if component else None}
    if wanted.by_keys:
        return connection
    who = observed.of(ObservedIdentity)
    return {**connection, AUTHENTICATION: f"ClientId={who.client_id};Authorization=AAD" if who else None}


def obsolete_telemetry(wanted: Wanted) -> frozenset[str]:
    """An identity that the app was given before, and that it writes with no longer."""
    return frozenset({AUTHENTICATION}) if wanted.insights is not None and wanted.by_keys else frozenset()
