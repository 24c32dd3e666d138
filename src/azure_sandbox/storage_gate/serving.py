"""Answers `gate.js`: one small HTTP server on this machine for every account."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.storage_gate.judge import Request as StorageRequest
from azure_sandbox.web import WebServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from azure_sandbox.storage_gate.refusals import Refusal

SOURCE = "x-sandbox-source"
_PLATFORM = "platform"


class Gate:
    """Judges what comes to storage accounts; close it to stop.

    Args:
        decide: Says why a request is refused.
        tenant: Whose tokens the accounts take.
        service_at: The account and the service that listen on a port.
    """

    def __init__(
        self,
        decide: Callable[[StorageRequest], Refusal | None],
        tenant: str,
        service_at: Callable[[int], tuple[str, str] | None],
    ) -> None:
        self._decide, self._tenant, self._service_at = decide, tenant, service_at
        self._secret = secrets.token_urlsafe(24)
        self._server = WebServer(Starlette(routes=[Route("/", self._answer, methods=["POST"])]), tls=None).start()

    def options(self) -> list[str]:
        """For Node.js, before Azurite's own script."""
        return ["--require", str(Path(__file__).with_name("gate.js"))]

    def environ(self) -> dict[str, str]:
        """What `gate.js` needs to know."""
        url = self._server.url.replace("localhost", "127.0.0.1")
        return {"SANDBOX_GATE_URL": url, "SANDBOX_GATE_SECRET": self._secret}

    def headers(self, app: str = _PLATFORM) -> dict[str, str]:
        """Headers that tell who sends a request: an app, by its ARM id, or the platform, which may do anything."""
        return {SOURCE: f"{self._secret} {app}"}

    def close(self) -> None:
        """Stop answering."""
        self._server.stop()

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != self._secret:
            return Response("not the gate", 403)
        asked = await request.json()
        found = self._service_at(asked["port"])
        if found is None:
            return JSONResponse(None)
        account, service = found
        about = {name: asked[name] for name in ("method", "url", "authorization", "source")}
        refusal = self._decide(StorageRequest(account=account, service=service, **about))
        return JSONResponse(refusal.answer(service, self._tenant) if refusal else None)
