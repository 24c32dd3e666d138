"""Where telemetry is sent to: Application Insights' ingestion, one address for all components.

What it answers is the .NET SDK's and the exporters' word on it: microsoft/ApplicationInsights-dotnet,
AuthenticationTransmissionPolicy.cs, PartialSuccessTransmissionPolicy.cs; Azure/azure-sdk-for-python,
azure-monitor-opentelemetry-exporter, export/_base.py.
"""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.contract import TokenRefused
from azure_sandbox.web import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.contract import Directory, RoleBook

AUDIENCE = "https://monitor.azure.com"
_WRITE = "Microsoft.Insights/Metrics/Write"
_MOST = 100_000
_NO_TOKEN = "please provide the valid authorization token"  # noqa: S105 - what is told of one
_NO_ROLE = "provided credentials do not grant the access to ingest the telemetry into the component"
_NO_KEY = "Invalid instrumentation key"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One item of telemetry, as it came.

    Attributes:
        component: The ARM id of where it went.
        name: Its kind: `Microsoft.ApplicationInsights.Metric`.
        base_type: `MetricData`, `MessageData`, `RequestData` ...
        data: Its `baseData`.
        tags: Who sent it: `ai.cloud.role` and the like.
        time: When it arose, as the sender says.
    """

    component: str
    name: str
    base_type: str
    data: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    time: str = ""


class Ingestion:
    """Takes telemetry by `POST /v2.1/track`, and by `/v2/track`, which knows no tokens.

    Args:
        component: The component with an instrumentation key; None when there is none. Asked late.
        directory: Says whose token it is.
        roles: Says what they may do.

    Attributes:
        listener: A port for it, taken: apps may be told of it before it answers.
    """

    def __init__(self, component: Callable[[str], Resource | None], directory: Directory, roles: RoleBook) -> None:
        self._component, self._directory, self._roles = component, directory, roles
        self._kept: deque[Envelope] = deque(maxlen=_MOST)
        self._lock = threading.Lock()
        self.listener = listen()

    @property
    def port(self) -> int:
        """Where it is to be served."""
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        """What its components name: like storage, it is for apps of this machine."""
        return f"https://localhost:{self.port}"

    def app(self) -> Starlette:
        """To be served.

        Connection strings end with a slash, so that the exporter for Python asks for `//v2.1/track`.
        """
        paths = ("/v2.1/track", "/v2/track", "//v2.1/track")
        return Starlette(routes=[Route(path, self._track, methods=["POST"]) for path in paths])

    def taken(self, base_type: str = "MetricData", component: str = "") -> list[Envelope]:
        """What has come, in its order: of one kind, and of the component with that ARM id where one is named."""
        with self._lock:
            kept = list(self._kept)
        return [
            one
            for one in kept
            if one.base_type == base_type and (not component or one.component.lower() == component.lower())
        ]

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._kept.clear()

    async def _track(self, request: Request) -> Response:
        try:
            items = _items(await request.body(), request.headers.get("content-encoding", ""))
        except (ValueError, OSError, EOFError, zlib.error):
            return _told(1, [(0, 400, "Invalid JSON")])
        found = [self._component(str(item.get("iKey") or "")) for item in items]
        if refusal := self._refusal(request, [one for one in found if one]):
            return refusal
        errors = [(number, 400, _NO_KEY) for number, one in enumerate(found) if one is None]
        with self._lock:
            self._kept += [_envelope(one, item) for one, item in zip(found, items, strict=True) if one]
        return _told(len(items), errors)

    def _refusal(self, request: Request, components: list[Resource]) -> Response | None:
        """Why all of it is refused, by its token or the want of one; None when it is not."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            closed = any(one.properties.get("DisableLocalAuth") for one in components)
            return _refused(401, _NO_TOKEN) if closed else None
        if request.url.path == "/v2/track":
            return _refused(400, "Incorrect API was used - v2 API does not support authentication")
        try:
            caller = self._directory.principal_of_token(token, AUDIENCE)
        except TokenRefused:
            return _refused(401, _NO_TOKEN)
        granted = all(self._roles.permits(caller.object_id, _WRITE, str(one.id), data=True) for one in components)
        return None if granted else _refused(403, _NO_ROLE)


def _items(body: bytes, encoding: str) -> list[dict[str, Any]]:
    """The items of an array, of a single object, or of one object for each line, which may be packed with gzip."""
    text = (gzip.decompress(body) if encoding.lower() == "gzip" else body).decode()
    try:
        read = json.loads(text)
    except ValueError:
        read = [json.loads(line) for line in text.splitlines() if line.strip()]
    items = read if isinstance(read, list) else [read]
    if not items or not all(isinstance(item, dict) for item in items):
        message = "items are objects"
        raise ValueError(message)
    return items


def _envelope(component: Resource, item: dict[str, Any]) -> Envelope:
    data = item.get("data") or {}
    return Envelope(
        component=str(component.id),
        name=str(item.get("name", "")),
        base_type=str(data.get("baseType", "")),
        data=dict(data.get("baseData") or {}),
        tags=dict(item.get("tags") or {}),
        time=str(item.get("time", "")),
    )


def _told(received: int, errors: list[tuple[int, int, str]]) -> Response:
    """200 when all is taken, 206 when some is, 400 when nothing is."""
    accepted = received - len(errors)
    listed = [{"index": index, "statusCode": status, "message": message} for index, status, message in errors]
    status = 200 if not errors else 206 if accepted else 400
    return JSONResponse({"itemsReceived": received, "itemsAccepted": accepted, "errors": listed}, status)


def _refused(status: int, message: str) -> Response:
    errors = [{"index": 0, "statusCode": status, "message": message}]
    return JSONResponse({"itemsReceived": 1, "itemsAccepted": 0, "errors": errors}, status)
