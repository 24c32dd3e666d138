"""The control plane's one https front: Azure Resource Manager, Entra, Graph, CI hosts, and the sandbox's switches."""

from __future__ import annotations

import time
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox import azure_devops_oidc, entra, github_oidc, graph
from azure_sandbox.arm.errors import invalid
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.resources.responses import metadata
from azure_sandbox.arm.service import endpoint
from azure_sandbox.arm.versions import check_api_version
from azure_sandbox.faults import Fault, Faults
from azure_sandbox.faulty import Faulty
from azure_sandbox.journal import Journal, Journaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.service import ArmService
    from azure_sandbox.azure_devops_oidc import AzureDevOpsOidc
    from azure_sandbox.directory import EntraDirectory
    from azure_sandbox.github_oidc import GithubOidc

METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]


class Front:
    """Sends each request to the service that it is for. Only services are journaled, delayed and broken.

    Args:
        service: Azure Resource Manager.
        directory: Entra.
        github: GitHub's identity tokens.
        devops: Azure DevOps' identity tokens.
        extra: More switches, below `/sandbox/`.
        registries: What the names of this cloud's registries end in, without a port.
        journal: Writes requests down.
        faults: Break them.
        latency: Seconds added to each request.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        service: ArmService,
        directory: EntraDirectory,
        github: GithubOidc,
        devops: AzureDevOpsOidc,
        extra: Sequence[Route] = (),
        *,
        registries: str,
        journal: Journal,
        faults: Faults,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        issuers: dict[str, entra.Issuer] = {github.issuer: github, devops.issuer: devops}
        token_endpoint = entra.TokenEndpoint(directory, issuers, clock=clock)
        self._control = Starlette(routes=[*_switches(journal, faults, github), *extra])

        def watched(app: ASGIApp, name: str) -> ASGIApp:
            return Journaled(Faulty(app, faults, name, latency=latency), journal, name)

        self._entra = watched(Starlette(routes=entra.routes(directory, token_endpoint, clock=clock)), "entra")
        self._named = {
            "github": watched(Starlette(routes=github_oidc.routes(github)), "github"),
            "azure-devops": watched(Starlette(routes=azure_devops_oidc.routes(devops)), "azure-devops"),
            "graph": watched(Starlette(routes=graph.routes(directory)), "graph"),
        }
        self._arm = watched(_arm_app(service, registries), "arm")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the path."""
        app = self._service_for(scope["path"]) if scope["type"] == "http" else self._control
        await app(scope, receive, send)

    def _service_for(self, path: str) -> ASGIApp:
        first = path.strip("/").partition("/")[0].lower()
        if first == "sandbox":
            return self._control
        if first in self._named:
            return self._named[first]
        if "/oauth2/" in path or "/.well-known/" in path or "/discovery/" in path:
            return self._entra
        return self._arm


def _arm_app(service: ArmService, registries: str) -> Starlette:
    def discover(request: ArmRequest) -> ArmResponse:
        if request.method != "GET":
            raise invalid("The endpoints can only be read.", "MethodNotAllowed")
        return ArmResponse(200, metadata(check_api_version(request).origin, registries))

    return Starlette(
        routes=[
            Route("/metadata/endpoints", endpoint(discover), methods=METHODS),
            Route("/{path:path}", endpoint(service.answer), methods=METHODS),
        ]
    )


def _switches(journal: Journal, faults: Faults, github: GithubOidc) -> list[Route]:
    """`/sandbox/...`: for another process what the Python object is for this one. No secret is shown here."""

    def read_journal(request: Request) -> Response:
        writes = request.query_params.get("writes") == "true"
        entries = journal.writes() if writes else journal.entries(request.query_params.get("service"))
        return JSONResponse([entry.as_json() for entry in entries])

    def clear_journal(_: Request) -> Response:
        journal.clear()
        return Response(status_code=204)

    def read_faults(_: Request) -> Response:
        return JSONResponse([_shown(fault) for fault in faults.waiting()])

    async def add_fault(request: Request) -> Response:
        try:
            faults.add(_fault(await request.json()))
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=201)

    def clear_faults(_: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    async def set_github(request: Request) -> Response:
        wanted = await request.json()
        unknown = set(wanted) - {"issue_expired", "available", "environment", "event", "immutable", "ref", "repository"}
        if unknown:
            return JSONResponse({"error": f"unknown: {', '.join(sorted(unknown))}"}, 400)
        for name, value in wanted.items():
            setattr(github, name, value)
        return Response(status_code=204)

    return [
        Route("/sandbox/journal", read_journal),
        Route("/sandbox/journal", clear_journal, methods=["DELETE"]),
        Route("/sandbox/faults", read_faults),
        Route("/sandbox/faults", add_fault, methods=["POST"]),
        Route("/sandbox/faults", clear_faults, methods=["DELETE"]),
        Route("/sandbox/github", set_github, methods=["PATCH"]),
    ]


def _shown(fault: Fault) -> dict[str, Any]:
    """A fault as JSON."""
    body = fault.body.decode(errors="replace") if isinstance(fault.body, bytes) else fault.body
    return {**asdict(fault), "body": body, "spoiled": fault.spoiled is not None}


def _fault(wanted: Any) -> Fault:
    """A fault from JSON.

    Raises:
        ValueError: It is not an object, or has members that no fault has.
    """
    known = {one.name for one in fields(Fault)}
    if not isinstance(wanted, dict) or not wanted.keys() <= known:
        message = f"a fault is an object with {', '.join(sorted(known))}"
        raise ValueError(message)
    return Fault(**wanted)
