"""Refusals as the OCI distribution specification writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request


class RegistryError(Exception):
    """A refusal with the specification's code.

    Args:
        status: The HTTP status.
        code: `BLOB_UNKNOWN`, `MANIFEST_INVALID` ...
        message: For people.
        detail: What it is about.
        headers: More headers for the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, detail: object = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.headers = headers or {}


def answer_error(_request: Request, error: Exception) -> JSONResponse:
    """The refusal as a response: Starlette's exception handler for `RegistryError`."""
    assert isinstance(error, RegistryError)  # noqa: S101
    return JSONResponse(error_body(error), error.status, headers=error.headers)


def error_body(error: RegistryError) -> dict[str, object]:
    """The refusal as the specification writes it."""
    return {"errors": [{"code": error.code, "message": error.message, "detail": error.detail}]}


def answer_nobody(_request: Request, _error: Exception) -> Response:
    """The client broke off in the middle of its request: nobody reads this, and no error is logged."""
    return Response(status_code=499)


def blob_unknown(digest: str) -> RegistryError:
    """The repository has no such blob."""
    return RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})


def manifest_unknown(reference: str) -> RegistryError:
    """The repository has no such manifest."""
    return RegistryError(
        404, "MANIFEST_UNKNOWN", f'manifest tagged by "{reference}" is not found', {"reference": reference}
    )


def name_unknown(repository: str) -> RegistryError:
    """There is no such repository."""
    return RegistryError(404, "NAME_UNKNOWN", "repository name not known to registry", {"name": repository})


def upload_invalid() -> RegistryError:
    """The upload is gone, or its location was used before: a broken upload starts again from a new POST."""
    return RegistryError(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")


def digest_invalid(message: str) -> RegistryError:
    """The digest does not fit the content, or is not a sha256 digest."""
    return RegistryError(400, "DIGEST_INVALID", message)


def manifest_invalid(message: str, detail: object = None) -> RegistryError:
    """The manifest cannot be taken."""
    return RegistryError(400, "MANIFEST_INVALID", message, detail)


def disallowed() -> RegistryError:
    """What it is about is locked, or in a repository that is."""
    why = "https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation"
    message = f"The operation is disallowed on this registry, repository or image. View troubleshooting steps at {why}"
    return RegistryError(405, "UNSUPPORTED", message)


def unauthorized(challenge: str, detail: object = None) -> RegistryError:
    """Not logged in, or the login does not allow this."""
    return RegistryError(
        401,
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
        detail,
        {"Www-Authenticate": challenge},
    )
