"""The function apps of a sandbox, looked at from behind: configuration, settings, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.arm.ids import ResourceId

if TYPE_CHECKING:
    from azure_sandbox.arm.web.state import Site
    from azure_sandbox.sandbox import Sandbox


def site_id(sandbox: Sandbox, group: str, app: str, slot: str = "") -> ResourceId:
    """The id of an app, or of one of its slots."""
    types, names = (("sites", "slots"), (app, slot)) if slot else (("sites",), (app,))
    return ResourceId(sandbox.subscription_id, group, "Microsoft.Web", types, names)


def site_of(sandbox: Sandbox, group: str, app: str, slot: str = "") -> Site:
    """What Resource Manager holds of it: `config`, `settings`, `host_name`."""
    return sandbox.arm.sites.of(site_id(sandbox, group, app, slot))


def scored(sandbox: Sandbox, group: str, app: str, content: Any, slot: str = "") -> Any:
    """What its scoring function answers, called with its own key."""
    resource_id, site = str(site_id(sandbox, group, app, slot)), site_of(sandbox, group, app, slot)
    keys = sandbox.data.apps.function_keys(resource_id, "score") or {}
    answer = requests.post(
        f"https://{site.host_name}/api/score",
        json=content,
        headers={"x-functions-key": keys.get("default", "")},
        verify=str(sandbox.endpoints.ca_bundle),
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json()
