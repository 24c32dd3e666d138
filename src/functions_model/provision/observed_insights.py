"""Application Insights, as it was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_model.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class ObservedInsights:
    """A live Application Insights component.

    Attributes:
        id: The ARM id.
        connection_string: Where telemetry goes. Whoever has it can send some.
        workspace_id: Of the Log Analytics workspace that keeps its data; empty for a component that has none.
    """

    id: str
    connection_string: Secret
    workspace_id: str = ""


@dataclass(frozen=True, slots=True)
class ObservedLogs:
    """A live Log Analytics workspace.

    Attributes:
        id: The ARM id.
    """

    id: str
