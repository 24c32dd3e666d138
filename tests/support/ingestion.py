"""Application Insights' ingestion beside a function app, and what came of its metrics."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_sandbox.arm.authorization.state import RoleAssignments
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.store import Resource
from azure_sandbox.directory import EntraDirectory
from azure_sandbox.faults import Faults
from azure_sandbox.faulty import Faulty
from azure_sandbox.ingestion import Ingestion
from azure_sandbox.web import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure_sandbox.ingestion import Envelope

KEY = "0a1b2c3d-0000-4000-8000-000000000000"
COMPONENT = ResourceId(str(uuid.UUID(int=1)), "iris", "Microsoft.Insights", ("components",), ("iris-insights",))


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table `customMetrics`.

    Attributes:
        name: The metric's.
        count, sum, least, most: `valueCount`, `valueSum`, `valueMin`, `valueMax`.
        dimensions: `customDimensions`.
        tags: Who sent it.
    """

    name: str
    count: int
    sum: float
    least: float | None
    most: float | None
    dimensions: dict[str, str]
    tags: dict[str, str]


def metrics_in(envelopes: Sequence[Envelope]) -> list[Metric]:
    """Envelopes of metrics, as lines of that table: https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics."""
    return [
        Metric(
            name=point["name"],
            count=int(point.get("count") or 1),
            sum=float(point["value"]),
            least=point.get("min"),
            most=point.get("max"),
            dimensions=dict(one.data.get("properties") or {}),
            tags=one.tags,
        )
        for one in envelopes
        for point in one.data["metrics"]
    ]


@dataclass(frozen=True, slots=True)
class Service:
    """A running ingestion with one component.

    Attributes:
        ingestion: What came.
        faults: What goes wrong, as service `ingestion`.
        component: The only one; `DisableLocalAuth` is a property of it.
        url: Its address.
        directory, roles: Whose tokens it takes, and who may send.
    """

    ingestion: Ingestion
    faults: Faults
    component: Resource
    url: str
    directory: EntraDirectory
    roles: RoleAssignments

    def settings(self, **more: str) -> dict[str, str]:
        """The app settings by which an app sends there, several times a second."""
        connection = f"InstrumentationKey={KEY};IngestionEndpoint={self.url}/"
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "WEBSITE_SITE_NAME": "Iris",
            **more,
        }

    def metrics(self, name: str = "") -> list[Metric]:
        """What came, of one name or of all."""
        return [one for one in metrics_in(self.ingestion.taken()) if name in {"", one.name}]


@contextmanager
def ingestion_service() -> Iterator[Service]:
    """One on a port of this machine, without TLS."""
    component = Resource(COMPONENT, "westeurope", extra={"properties": {"InstrumentationKey": KEY}})
    directory, faults = EntraDirectory(str(uuid.uuid4())), Faults()
    roles = RoleAssignments(directory)
    taking = Ingestion(lambda key: component if key == KEY else None, directory, roles)
    with WebServer(Faulty(taking.app(), faults, "ingestion"), tls=None, listener=taking.listener) as server:
        yield Service(taking, faults, component, server.url, directory, roles)
