"""A request and an answer as the providers see them: no HTTP library in sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.contract import Principal


@dataclass(frozen=True, slots=True)
class ArmRequest:
    """One request to Azure Resource Manager.

    Attributes:
        method: Upper case.
        path: Decoded, without the query.
        query: Parameters; names in lower case.
        token: The bearer token, or nothing.
        payload: The parsed JSON body; None without one.
        origin: `https://localhost:PORT`, for links in answers.
        caller: Known once the token was checked.
        values: What the route's template took from the path.
    """

    method: str
    path: str
    query: Mapping[str, str]
    token: str
    payload: Any
    origin: str
    caller: Principal | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The body where an object is needed.

        Raises:
            ArmError: There is none.
        """
        if not isinstance(self.payload, dict):
            raise invalid("The request content was invalid and could not be deserialized: a JSON object is needed.")
        return self.payload

    @property
    def properties(self) -> dict[str, Any]:
        """The body's `properties`, empty when left out."""
        return self.body.get("properties") or {}

    @property
    def subscription(self) -> str:
        """The subscription in the path."""
        return self.values["subscription"]

    @property
    def group(self) -> str:
        """The resource group in the path."""
        return self.values["group"]

    @property
    def within(self) -> str:
        """The id of the resource group in the path, or of the subscription."""
        group = self.values.get("group")
        return f"/subscriptions/{self.subscription}" + (f"/resourceGroups/{group}" if group else "")

    @property
    def name(self) -> str:
        """The resource's name in the path."""
        return self.values["name"]

    @property
    def api_version(self) -> str:
        """For links in answers."""
        return self.query.get("api-version", "")


@dataclass(frozen=True, slots=True)
class ArmResponse:
    """One answer.

    Attributes:
        status: HTTP status.
        content: JSON as an object, text or bytes; None for an empty body.
        headers: More headers.
        media_type: For text and bytes.
    """

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "text/plain"


def listing(values: list[dict[str, Any]]) -> ArmResponse:
    """A collection; the sandbox never pages."""
    return ArmResponse(200, {"value": values})
