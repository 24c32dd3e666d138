"""The little of Microsoft Graph that az asks for when it shows role assignments: principals by id and by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.contract import TokenRefused

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.directory import EntraDirectory, Registered

_NAME_FILTER = re.compile(r"(?:servicePrincipalNames/any\(\w+:\w+ eq '([^']*)'\)|(?:appId|displayName) eq '([^']*)')")


def routes(directory: EntraDirectory) -> list[Route]:
    """`/graph/v1.0/...`, for tokens of the directory's Graph audience."""

    def refusal(request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            directory.principal_of_token(token, directory.graph)
        except TokenRefused as refused:
            error = {"code": "InvalidAuthenticationToken", "message": str(refused)}
            return JSONResponse({"error": error}, 401)
        return None

    async def by_ids(request: Request) -> Response:
        wanted = {str(one).lower() for one in (await request.json()).get("ids", [])}
        found = [one for one in directory.principals() if one.principal.object_id in wanted]
        return refusal(request) or JSONResponse({"value": [_wire(one) for one in found]})

    def by_name(request: Request) -> Response:
        match = _NAME_FILTER.search(request.query_params.get("$filter", ""))
        name = (match[1] or match[2]).lower() if match else ""
        found = [one for one in directory.principals() if name in _names(one)]
        return refusal(request) or JSONResponse({"value": [_wire(one) for one in found]})

    def nobody(request: Request) -> Response:
        # Applications and managed identities are all there is: no users, no groups.
        return refusal(request) or JSONResponse({"value": []})

    return [
        Route("/graph/v1.0/directoryObjects/getByIds", by_ids, methods=["POST"]),
        Route("/graph/v1.0/servicePrincipals", by_name),
        Route("/graph/v1.0/users", nobody),
        Route("/graph/v1.0/groups", nobody),
    ]


def _names(one: Registered) -> set[str]:
    return {one.principal.client_id, one.principal.object_id, one.principal.display_name.lower()}


def _wire(one: Registered) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": one.principal.object_id,
        "appId": one.principal.client_id,
        "displayName": one.principal.display_name,
        "servicePrincipalNames": [one.principal.client_id],
        "servicePrincipalType": one.kind,
    }
