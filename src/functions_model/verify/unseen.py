"""What cannot be looked at of an app: its keys cannot be listed, or its host tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.core.spec import AuthLevel

if TYPE_CHECKING:
    from functions_model.verify.app import LiveApp
    from functions_model.verify.nouns import ExpectedApp


def needs_key(expected: ExpectedApp) -> bool:
    """Whether the model can be reached with a key alone."""
    return expected.auth_level is not AuthLevel.ANONYMOUS


def unseen(app: LiveApp) -> str:
    """What was not looked at, why, and the command that changes it with its price; empty when all was."""
    if not app.withholds_keys:
        return ""
    expected = app.expected
    parts = ["the host's state", "its functions and their errors"]
    if needs_key(expected):
        parts.append("whether `init()` runs")
        if expected.sample_request is not None:
            parts.append("the sample request")
    return (
        f"Not looked at: {', '.join(parts)}. Azure cannot list the keys of {expected.names.place}, whose settings have "
        "no MACHINEKEY_DecryptionKey. Adding one makes all its keys anew: every caller needs a new key then. To add "
        f"it: az functionapp config appsettings set {expected.names.flags} "
        "--slot-settings MACHINEKEY_DecryptionKey=$(openssl rand -hex 32)"
    )


def isolation(expected: ExpectedApp, refused: NotLive) -> NotLive:
    """Why a host that keeps `/admin` to Azure cannot be looked at, as Azure refuses to ask it; both ways out.

    A property of the site has it so, which neither the SDK nor `az functionapp` knows:
    https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functionsruntimeadminisolationenabled.
    """
    site = f"az functionapp show {expected.names.flags}"
    reason = f"its host keeps `/admin` to Azure (admin isolation), and Azure did not ask it: {refused.reason}"
    remedy = (
        f"{refused.remedy} Or let the master key in: az resource update "
        f'--ids "$({site} --query id --output tsv)" --set properties.functionsRuntimeAdminIsolationEnabled=false'
    )
    return NotLive(f"verify {expected.names}", reason, remedy)
