"""Azure Resource Manager: the way of every request, step by step.

The sandbox puts two steps before these: `journal.Journaled` writes the request down, `faults.Faulty` lets a fault
strike. Then come `ArmService.steps`, in their order, and last the provider's handler.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.messages import ArmRequest, ArmResponse
from azure_sandbox.arm.resources.state import ALWAYS_REGISTERED, NAMESPACES
from azure_sandbox.arm.routing import LOGIN_ONLY
from azure_sandbox.arm.versions import check_api_version
from azure_sandbox.contract import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from azure_sandbox.arm.authorization.state import RoleAssignments
    from azure_sandbox.arm.operations import Operations
    from azure_sandbox.arm.routing import ArmRoute, Router
    from azure_sandbox.arm.subscriptions import Subscriptions
    from azure_sandbox.arm.versions import Versions
    from azure_sandbox.contract import Directory

AUDIENCE = "https://management.azure.com"
_log = logging.getLogger(__name__)


class ArmService:
    """Answers requests.

    Args:
        router: All operations.
        directory: Checks tokens.
        assignments: Says who may do what.
        subscriptions: Which subscriptions there are, with their resource groups and registered providers.
        operations: What may have ended since the last request.
        versions: Which versions of its interfaces the cloud knows.
        governed: What a company forbids: locks and policies.
    """

    def __init__(
        self,
        router: Router,
        directory: Directory,
        assignments: RoleAssignments,
        *,
        subscriptions: Subscriptions,
        operations: Operations,
        versions: Versions,
        governed: tuple[Callable[[ArmRequest], ArmRequest], ...] = (),
    ) -> None:
        self._router = router
        self._directory = directory
        self._assignments = assignments
        self._subscriptions = subscriptions
        self._operations = operations
        self._versions = versions
        self.steps: tuple[Callable[[ArmRequest], ArmRequest], ...] = (
            self.authenticate,
            self.check_api_version,
            self.check_subscription,
            self.check_version,
            self.authorize,
            self.check_group,
            self.check_registration,
            *governed,
        )

    def answer(self, request: ArmRequest) -> ArmResponse:
        """Take the request through all steps, and let the provider answer.

        Raises:
            ArmError: A step or the provider refused it.
        """
        self._operations.settle()
        for step in self.steps:
            request = step(request)
        route = self._route(request)
        answer = self._versions.shown(request, route, route.handler(request))
        return self._visible(request, answer) if route.lists else answer

    def authenticate(self, request: ArmRequest) -> ArmRequest:
        """Find out who asks.

        Raises:
            ArmError: AuthenticationFailed, InvalidAuthenticationToken or ExpiredAuthenticationToken.
        """
        if not request.token:
            message = "Authentication failed. The 'Authorization' header is missing."
            raise _unauthorized("AuthenticationFailed", message)
        try:
            caller = self._directory.principal_of_token(request.token, AUDIENCE)
        except TokenRefused as refusal:
            code = "ExpiredAuthenticationToken" if "expired" in str(refusal) else "InvalidAuthenticationToken"
            raise _unauthorized(code, f"The access token is invalid: {refusal}.") from refusal
        return replace(request, caller=caller)

    def check_api_version(self, request: ArmRequest) -> ArmRequest:
        """Every request names the version of the interface that it means.

        Raises:
            ArmError: MissingApiVersionParameter or InvalidApiVersionParameter.
        """
        return check_api_version(request)

    def check_subscription(self, request: ArmRequest) -> ArmRequest:
        """Find the operation; refuse subscriptions that are not there, and those of other tenants.

        Raises:
            ArmError: SubscriptionNotFound, InvalidAuthenticationTokenTenant, ReadOnlyDisabledSubscription, or the
                sandbox has no such operation.
        """
        parts = request.path.strip("/").split("/")
        named = parts[0].lower() == "subscriptions" and len(parts) > 1
        subscription = self._subscriptions.get(parts[1]).id if named else ""
        found = self._router.find(request.method, request.path)
        if found is None:
            raise self._not_covered(request)
        # Ids keep one spelling of the subscription, whatever the caller wrote.
        values = {**found[1], **({"subscription": subscription} if "subscription" in found[1] else {})}
        self._subscriptions.check_state(subscription, request.method)
        return replace(request, values=values)

    def check_version(self, request: ArmRequest) -> ArmRequest:
        """Refuse versions that the cloud does not know, and what a version lacks.

        Raises:
            ArmError: NoRegisteredProviderFound, InvalidResourceType, InvalidApiVersionParameter, InvalidRequestContent.
        """
        self._versions.check(request, self._route(request))
        return request

    def authorize(self, request: ArmRequest) -> ArmRequest:
        """Ask the role assignments.

        A list over the subscription is answered to whoever holds a role somewhere in it (`_visible`). For `az acr
        login` the documents ask for AcrPull at the registry alone; the command finds the registry by listing the
        subscription's resources, and passes over a registry that is not among them, but not over a refusal.
        (Azure/azure-cli, command_modules/acr/_utils.py, `_arm_get_resource_by_name`, and _docker_utils.py:414;
        learn.microsoft.com/azure/container-registry/container-registry-authentication-managed-identity.)

        Raises:
            ArmError: AuthorizationFailed.
        """
        route, caller = self._route(request), request.caller
        action = route.permission
        scope = request.path.rstrip("/")
        if request.method == "POST":
            scope = scope.rpartition("/")[0]
        if action == LOGIN_ONLY or (caller and self._assignments.allows(caller.object_id, action, scope)):
            return request
        if route.lists and caller and self._assignments.holds_any_below(caller.object_id, _subscription_of(scope)):
            return request
        who = f"The client '{caller.client_id}' with object id '{caller.object_id}'" if caller else "The client"
        message = (
            f"{who} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials."
        )
        raise ArmError(403, "AuthorizationFailed", message)

    def check_group(self, request: ArmRequest) -> ArmRequest:
        """What lies in a resource group needs the group.

        Raises:
            ArmError: ResourceGroupNotFound.
        """
        if "group" in request.values and "/providers/" in request.path.lower():
            self._subscriptions.get(request.subscription).groups.get(request.group)
        return request

    def check_registration(self, request: ArmRequest) -> ArmRequest:
        """A provider's resources are written only where the subscription has registered it.

        Until then a provider does not even know the subscription: whoever asks it for a free name is answered 404
        (hashicorp/terraform-provider-azurerm#24104, microsoft/vscode-azurefunctions#3343).

        Raises:
            ArmError: MissingSubscriptionRegistration, or SubscriptionNotFound.
        """
        namespace = self._route(request).namespace
        known = namespace.lower() in {name.lower() for name in NAMESPACES} - ALWAYS_REGISTERED
        if not known or "subscription" not in request.values:
            return request
        if self._subscriptions.get(request.subscription).providers.state(namespace) == "Registered":
            return request
        if request.path.lower().endswith("/checknameavailability"):
            raise ArmError(404, "SubscriptionNotFound", f"Subscription {request.subscription} was not found.")
        if request.method in {"PUT", "PATCH"}:
            message = (
                f"The subscription is not registered to use namespace '{namespace}'. See "
                "https://aka.ms/rps-not-found for how to register subscriptions."
            )
            raise ArmError(409, "MissingSubscriptionRegistration", message)
        return request

    def _visible(self, request: ArmRequest, answer: ArmResponse) -> ArmResponse:
        """Of a list over the subscription, what the caller may read."""
        route, caller = self._route(request), request.caller
        every = route.namespace or route.template.endswith("/resourceGroups")

        def may_read(one: dict[str, Any]) -> bool:
            action = route.permission if every else f"{one['type']}/read"
            return caller is not None and self._assignments.allows(caller.object_id, action, one["id"])

        return replace(answer, content={"value": [one for one in answer.content["value"] if may_read(one)]})

    def _route(self, request: ArmRequest) -> ArmRoute:
        found = self._router.find(request.method, request.path)
        if found is None:
            raise self._not_covered(request)
        return found[0]

    def _not_covered(self, request: ArmRequest) -> ArmError:
        methods = self._router.methods(request.path)
        if methods:
            message = f"The requested resource does not support http method '{request.method}'; it has {methods}."
            return ArmError(405, "MethodNotAllowed", message, headers={"Allow": ", ".join(methods)})
        message = f"The sandbox does not cover {request.method} {request.path}. Its README says what it covers."
        return ArmError(501, "NotCoveredBySandbox", message)


def _subscription_of(scope: str) -> str:
    return "/".join(scope.split("/")[:3])


def _unauthorized(code: str, message: str) -> ArmError:
    challenge = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token", resource="{AUDIENCE}"'
    )
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge})


def endpoint(answer: Callable[[ArmRequest], ArmResponse]) -> Callable[[Request], Awaitable[Response]]:
    """An HTTP endpoint for something that answers ARM requests."""

    async def arm(request: Request) -> Response:
        try:
            response = await run_in_threadpool(answer, await _read(request))
        except ArmError as error:
            response = ArmResponse(error.status, error.body(), error.headers)
        except Exception as error:  # noqa: BLE001 - as the service does, a fault of its own is a 500
            _log.exception("the sandbox failed")
            message = f"The sandbox failed: {type(error).__name__}: {error}"
            response = ArmResponse(500, {"error": {"code": "InternalServerError", "message": message}})
        return _write(request, response)

    return arm


async def _read(request: Request) -> ArmRequest:
    content = await request.body()
    try:
        payload = json.loads(content) if content else None
    except ValueError as error:
        raise invalid(f"The request content was invalid and could not be deserialized: {error}.") from error
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return ArmRequest(
        method=request.method,
        path=unquote(request.url.path),
        query={name.lower(): value for name, value in request.query_params.items()},
        token=token.strip() if scheme.lower() == "bearer" else "",
        payload=payload,
        origin=str(request.url.replace(path="", query="")).rstrip("/"),
    )


def _write(request: Request, response: ArmResponse) -> Response:
    request_id = str(uuid.uuid4())
    headers = {
        **response.headers,
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request.headers.get("x-ms-correlation-request-id", request_id),
        "cache-control": "no-cache",
    }
    if client_id := request.headers.get("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = client_id
    content = response.content
    if content is None or isinstance(content, (str, bytes)):
        return Response(content or b"", response.status, headers, media_type=response.media_type)
    return JSONResponse(content, response.status, headers)
