"""`/oauth2/exchange` and `/oauth2/token`: how a login becomes a token for some repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.routing import Route

from azure_sandbox.registry import errors
from azure_sandbox.registry.access import ACCESS_SECONDS, LoginRefused
from azure_sandbox.registry.session import Registry, basic_credentials

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.registry.access import RegistryAccess


async def _exchange(request: Request) -> JSONResponse:
    """An Entra token becomes a refresh token."""
    access = _access(request)
    form = await _form(request)
    grant = _one(form, "grant_type")
    if grant not in {"access_token", "access_token_refresh_token"}:
        raise _bad_request(f"grant_type `{grant}` is not supported")
    _check_service(access, _one(form, "service"))
    try:
        return JSONResponse({"refresh_token": access.exchange(_one(form, "access_token"))})
    except LoginRefused as refused:
        raise _refused(access, refused) from refused


async def _token(request: Request) -> JSONResponse:
    """A refresh token, or a user name and password, becomes an access token for the scopes asked for."""
    access = _access(request)
    form = await _form(request) if request.method == "POST" else parse_qs(request.url.query)
    _check_service(access, _one(form, "service"))
    scopes = [scope for value in form.get("scope", []) for scope in value.split()]
    try:
        token = _issue(request, access, form, scopes)
    except LoginRefused as refused:
        raise _refused(access, refused) from refused
    return JSONResponse({"access_token": token, "expires_in": ACCESS_SECONDS})


def _issue(request: Request, access: RegistryAccess, form: dict[str, list[str]], scopes: list[str]) -> str:
    if request.method == "GET":
        credentials = basic_credentials(request)
        if credentials is None:
            message = "no user name and password"
            raise LoginRefused(message)
        return access.password_token(*credentials, scopes)
    grant = _one(form, "grant_type")
    if grant == "refresh_token":
        return access.access_token(_one(form, "refresh_token"), scopes)
    if grant == "password":
        return access.password_token(_one(form, "username"), _one(form, "password"), scopes)
    raise _bad_request(f"grant_type `{grant}` is not supported")


def _access(request: Request) -> RegistryAccess:
    access = Registry.of(request).access
    assert access is not None  # noqa: S101
    return access


async def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs((await request.body()).decode(errors="replace"))


def _one(form: dict[str, list[str]], name: str) -> str:
    values = form.get(name, [])
    if not values:
        raise _bad_request(f"`{name}` is missing")
    return values[0]


def _check_service(access: RegistryAccess, service: str) -> None:
    if service != access.service:
        raise _bad_request(f"service `{service}` is not this registry")


def _bad_request(message: str) -> errors.RegistryError:
    return errors.RegistryError(400, "BAD_REQUEST", message)


def _refused(access: RegistryAccess, refused: LoginRefused) -> errors.RegistryError:
    error = errors.unauthorized(f'Bearer realm="https://{access.service}/oauth2/token",service="{access.service}"')
    error.detail = str(refused)
    return error


ROUTES = [
    Route("/oauth2/exchange", _exchange, methods=["POST"]),
    Route("/oauth2/token", _token, methods=["GET", "POST"]),
]
