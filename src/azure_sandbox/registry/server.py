"""Registries as ASGI applications: one with logins, one that everybody may read."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from azure_sandbox.networks import APPS, OUTSIDE, Caller
from azure_sandbox.registry import acr, blobs, images, logins
from azure_sandbox.registry.access import RegistryAccess
from azure_sandbox.registry.errors import RegistryError, answer_error, answer_nobody, error_body
from azure_sandbox.registry.session import Registry
from azure_sandbox.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from azure_sandbox.contract import Directory, RegistryDefinition, RoleBook
    from azure_sandbox.registry.content import ContentStore


def registry_app(
    registry: Callable[[], RegistryDefinition],
    store: ContentStore,
    directory: Directory,
    roles: RoleBook,
    *,
    clock: Callable[[], float] = time.time,
    generation: Callable[[], int] = lambda: 0,
) -> Starlette:
    """Azure Container Registry's data plane for one registry, over https at its login server.

    Args:
        registry: The registry as ARM holds it at the moment of a request.
        store: Its content.
        directory: Checks Entra tokens at `/oauth2/exchange`.
        roles: Says what a principal may do on the registry's ARM id.
        clock: Seconds since the epoch.
        generation: Access tokens from before its last change have expired.
    """
    access = RegistryAccess(registry, directory, roles, clock, generation)
    routes = [*logins.ROUTES, *images.READING, *images.WRITING, *blobs.WRITING, *blobs.READING, *acr.ROUTES]
    app = _app(Registry(store, access, Uploads(store)), routes)
    app.add_middleware(_Firewall, registry)
    app.add_middleware(_Correlated)
    return app


def public_registry_app(store: ContentStore) -> Starlette:
    """A registry that needs no login and takes no writes: the stand-in for the registry of Microsoft's base images."""
    return _app(Registry(store, None, Uploads(store)), [*images.READING, *blobs.READING])


class _Firewall:
    """Refuses whoever the network rules do not let in, before any login (Azure/acr#494).

    Args:
        app: Answers everybody else.
        registry: The registry as ARM holds it at the moment of a request.
    """

    def __init__(self, app: ASGIApp, registry: Callable[[], RegistryDefinition]) -> None:
        self._app = app
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rules, address = self._registry().network, _address(scope)
        if scope["type"] != "http" or rules is None or rules.let_in(Caller(address)):
            await self._app(scope, receive, send)
            return
        said = f"client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
        refused = RegistryError(403, "DENIED", said)
        await JSONResponse(error_body(refused), refused.status)(scope, receive, send)


def _address(scope: Scope) -> str:
    """Apps pull with a container engine; all others come from outside."""
    agent = Headers(scope=scope).get("user-agent", "") if scope["type"] == "http" else ""
    return APPS if agent.startswith("docker/") else OUTSIDE


class _Correlated:
    """Every answer of Azure's registry has an id by which support finds it.

    Args:
        app: Answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def correlated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Ms-Correlation-Request-Id"] = str(uuid.uuid4())
            await send(message)

        await self._app(scope, receive, correlated)


def _app(registry: Registry, routes: Sequence[BaseRoute]) -> Starlette:
    # Starlette must not answer `/v2` with a redirect: clients ask for `/v2/`, and everything else is an error.
    handlers = {RegistryError: answer_error, ClientDisconnect: answer_nobody}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.registry = registry
    return app
