"""The function apps of a sandbox, looked at from behind: configuration, settings, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from azure_sandbox.arm.ids import ResourceId
from support.triggers import eventually

if TYPE_CHECKING:
    from azure_sandbox.arm.web.site import Site
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


def restarted(sandbox: Sandbox, group: str, app: str, slot: str = "") -> None:
    """Tell the platform what was changed behind its back, and wait until the host has its keys."""
    resource_id = site_id(sandbox, group, app, slot)
    sandbox.arm.sites.apply(resource_id, site_of(sandbox, group, app, slot), always_restart=True)
    eventually(lambda: sandbox.data.apps.keys(str(resource_id)))


def callers_keys(sandbox: Sandbox, group: str, app: str, slot: str = "") -> dict[str, str]:
    """Every key that opens the scoring function, by name."""
    resource_id = str(site_id(sandbox, group, app, slot))
    host = sandbox.data.apps.keys(resource_id)
    assert host is not None
    own = sandbox.data.apps.function_keys(resource_id, "score") or {}
    shared = {f"host {name}": key for name, key in host.functions.items()}
    return {"master": host.master, **shared, **{f"score {name}": key for name, key in own.items()}}


def statuses(sandbox: Sandbox, group: str, app: str, keys: dict[str, str], slot: str = "") -> dict[str, int]:
    """What each key is answered by the scoring function."""
    url = f"https://{site_of(sandbox, group, app, slot).host_name}/api/score"
    trust = str(sandbox.endpoints.ca_bundle)
    return {
        name: requests.post(url, json=1, headers={"x-functions-key": key}, verify=trust, timeout=30).status_code
        for name, key in keys.items()
    }
