"""What a functions host calls itself in its storage, where its own name for itself may be another host's, too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from functions_model.provision.observed_app import ObservedApp

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

HOST_ID = "AzureFunctionsWebHost__hostid"
"""The host's own id is `<app>-<slot>`, cut to 32 characters, which can be that of another one: then the host does not
start, or takes the other's locks and blob receipts for its own.
https://learn.microsoft.com/azure/azure-functions/storage-considerations#host-id-considerations;
Azure/azure-functions-host, ScriptHostIdProvider.cs, line 52."""
_LONGEST, _HASH = 32, 10


def host_id(app: str, slot: str = "") -> str:
    """A stable id for the host of an app, or of a slot: letters, digits and hyphens in lower case, 32 at most."""
    digest = hashlib.sha256(f"{app}/{slot}".lower().encode()).hexdigest()[:_HASH]
    return f"{app.lower()[: _LONGEST - _HASH - 1].rstrip('-')}-{digest}"


def host_id_settings(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """That of a new app whose name would be cut. One that is there keeps its own, with the locks under it."""
    return {HOST_ID: host_id(wanted.names.app)} if observed.of(ObservedApp) is None and is_cut(wanted) else {}


def is_cut(wanted: Wanted) -> bool:
    """Whether the host would cut the app's name."""
    return len(wanted.names.app) > _LONGEST
