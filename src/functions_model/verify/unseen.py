"""What cannot be looked at of an app whose keys cannot be listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.spec import AuthLevel

if TYPE_CHECKING:
    from functions_model.verify.app import AppClient
    from functions_model.verify.nouns import Expected


def needs_key(expected: Expected) -> bool:
    """Whether the model can be reached with a key alone."""
    return expected.auth_level is not AuthLevel.ANONYMOUS


def unseen(app: AppClient) -> str:
    """What was not looked at, why, and the command that changes it with its price; empty when all was."""
    if not app.withholds_keys:
        return ""
    expected = app.expected
    parts = ["the host's state", "its functions and their errors"]
    if needs_key(expected):
        parts.append("whether `init()` runs")
        if expected.sample_request is not None:
            parts.append("the sample request")
    return f"Not looked at: {', '.join(parts)}. {app.endpoint.keyless}"
