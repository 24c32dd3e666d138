"""Microsoft.MachineLearningServices's refusals: the usual envelope, with the cause one level further down."""

from __future__ import annotations

from typing import Any

from azure_sandbox.arm.errors import ArmError


class WorkspaceError(ArmError):
    """`{"error": {"code": "UserError", "message", "innererror": {"code"}}}`.

    Args:
        status: HTTP status.
        inner: The code of the cause.
        message: For people.
    """

    def __init__(self, status: int, inner: str, message: str) -> None:
        super().__init__(status, "UserError", message)
        self.inner = inner

    def body(self) -> dict[str, Any]:
        """The JSON on the wire."""
        inner = {"code": self.inner, "innererror": None}
        component = {"type": "ComponentName", "info": {"value": "managementfrontend"}}
        return {
            "error": {"code": self.code, "message": self.message, "innererror": inner, "additionalInfo": [component]}
        }


def asset_not_found(kind: str, name: str, version: str | None = None) -> WorkspaceError:
    """The 404 for a model, environment, version or datastore that is not there."""
    what = f"{kind} {name}:{version}" if version else f"{kind} {name}"
    return WorkspaceError(404, "NotFoundError", f"The specified resource was not found: {what}.")
