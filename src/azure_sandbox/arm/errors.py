"""Refusals that know their own wire form: Azure Resource Manager's, and the other one that Microsoft.Web uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.contract import Principal


class ArmError(Exception):
    """`{"error": {"code", "message"}}` with a status.

    Args:
        status: HTTP status.
        code: The stable name of the error.
        message: For people.
        headers: More response headers.
        details: Inner errors, ready for the wire.
        target: What it is about.
        information: More for programs: `additionalInfo`, ready for the wire.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: list[dict[str, Any]] | None = None,
        target: str = "",
        information: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.more = {"target": target, "details": details, "additionalInfo": information}

    def body(self) -> dict[str, Any]:
        """The JSON on the wire."""
        error = {"code": self.code, "message": self.message}
        return {"error": {**error, **{name: value for name, value in self.more.items() if value}}}


class WebError(ArmError):
    """The PascalCase form, at top level, that App Service answers with.

    Args:
        status: HTTP status.
        code: `Conflict`, `BadRequest`, `NotFound`.
        message: For people.
        extended_code: App Service's own number: `54001`.
    """

    def __init__(self, status: int, code: str, message: str, *, extended_code: str | None = None) -> None:
        super().__init__(status, code, message)
        self.extended_code = extended_code

    def body(self) -> dict[str, Any]:
        """The JSON on the wire."""
        entity: dict[str, Any] = {
            "ExtendedCode": self.extended_code,
            "MessageTemplate": self.message,
            "Parameters": [],
            "Code": self.code,
            "Message": self.message,
        }
        return {
            "Code": self.code,
            "Message": self.message,
            "Target": None,
            "Details": [{"Message": self.message}, {"Code": self.code}, {"ErrorEntity": entity}],
            "Innererror": None,
        }


def resource_not_found(resource_type: str, name: str, group: str) -> ArmError:
    """The 404 for a resource in a group that exists."""
    message = (
        f"The Resource '{resource_type}/{name}' under resource group '{group}' was not found. For more details please "
        "go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def parent_not_found(name: str) -> ArmError:
    """The 404 for a write below a resource that is not there."""
    message = f"Can not perform requested operation on nested resource. Parent resource '{name}' not found."
    return ArmError(404, "ParentResourceNotFound", message)


def not_linked(caller: Principal | None, action: str, scope: str, lacking: str, linked: str) -> ArmError:
    """The 403 for a request that its caller may make, but not with that other resource."""
    who = f"'{caller.client_id}' with object id '{caller.object_id}'" if caller else "''"
    message = (
        f"The client {who} has permission to perform action '{action}' on scope '{scope}'; however, it does not have "
        f"permission to perform action(s) '{lacking}' on the linked scope(s) '{linked}' (respectively) or the linked "
        "scope(s) are invalid."
    )
    return ArmError(403, "LinkedAuthorizationFailed", message)


def invalid(message: str, code: str = "InvalidRequestContent") -> ArmError:
    """A 400."""
    return ArmError(400, code, message)
