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
    """

    id: str
    connection_string: Secret


@dataclass(frozen=True, slots=True)
class ObservedLogs:
    """A live Log Analytics workspace.

    Attributes:
        id: The ARM id.
    """

    id: str
