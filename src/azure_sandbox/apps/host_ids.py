"""Host ids: what a functions host calls itself in its storage, and whether somebody else is called so.

Azure/azure-functions-host, src/WebJobs.Script/Host: `ScriptHostIdProvider.cs:52` cuts the name of app and slot to 32
characters; `HostIdValidator.cs` keeps who had an id first, and stops a second host whose id was cut.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.storage.blob import BlobServiceClient

    from azure_sandbox.contract import SiteDefinition

CONTAINER = "azure-webjobs-hosts"
LONGEST = 32
_SETTING, _LEVEL = "azurefunctionswebhost__hostid", "functions_hostid_check_level"


@dataclass(frozen=True, slots=True)
class HostId:
    """What a host calls itself.

    Attributes:
        text: The id.
        is_cut: It was made of a longer name, and may be another host's, too.
    """

    text: str
    is_cut: bool


def host_id_of(site: SiteDefinition) -> HostId:
    """That of its setting, else its name, cut; the names of settings are compared without regard to case."""
    given = {name.lower(): value for name, value in site.app_settings.items()}.get(_SETTING)
    if given is not None:
        return HostId(given, is_cut=False)
    name = site.name.lower()
    return HostId(name[:LONGEST].rstrip("-"), is_cut=len(name) > LONGEST)


def stops_for(settings: Mapping[str, str]) -> bool:
    """Whether a collision ends the host, or is only logged."""
    level = {name.lower(): value for name, value in settings.items()}.get(_LEVEL, "")
    return level.lower() != "warning"


def collision(client: BlobServiceClient, wanted: HostId, host_name: str) -> str:
    """Claim an id that was cut; what the host says when another host has it, else nothing."""
    if not wanted.is_cut:
        return ""
    blob = client.get_blob_client(CONTAINER, f"ids/usage/{wanted.text}")
    try:
        owner = json.loads(blob.download_blob().readall())["Hostname"]
    except ResourceNotFoundError:
        with contextlib.suppress(ResourceExistsError):
            client.create_container(CONTAINER)
        blob.upload_blob(json.dumps({"Hostname": host_name}))
        return ""
    if owner.lower() == host_name.lower():
        return ""
    return (
        f"A collision for Host ID '{wanted.text}' was detected in the configured storage account. For more "
        "information, see https://aka.ms/functions-hostid-collision."
    )
