"""The app settings: ours and the user's over those that are there."""

from __future__ import annotations

import hashlib

from functions_model.hosting.app_service.content_share import content_settings, obsolete_content
from functions_model.hosting.app_service.machine_key import MACHINE_KEY, new_machine_key
from functions_model.hosting.app_service.nouns import ObservedApp
from functions_model.hosting.app_service.registry_login import obsolete_registry_login, registry_settings
from functions_model.hosting.app_service.script_identity import client_settings
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed
from functions_model.provision.settings.collecting import collect_settings, obsolete_collect
from functions_model.provision.settings.host_storage import (
    host_storage_settings,
    obsolete_host_storage,
    obsolete_telemetry,
    telemetry_settings,
)
from functions_model.provision.settings.trigger import connection_settings, obsolete_connection

_FIXED = {
    "FUNCTIONS_EXTENSION_VERSION": "~4",
    # The default mounts shared storage over /home and hides the image's own functions.
    "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
    # Else the worker's own protobuf and grpc come before the user's (Python 3.12 and older; later ones ignore it).
    "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1",
}


def merged_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Every setting that the app must have: what others set stays, ours come over it, the user's come last.

    Of ours, those of another trigger or another kind of access go. A value that is not known before a resource or its
    keys are read is None.
    """
    users = {name: secret.reveal() for name, secret in wanted.target.app_settings.items()}
    ours: dict[str, str | None] = {
        **_FIXED,
        **client_settings(wanted, observed),
        **host_id_settings(wanted, observed),
        **host_storage_settings(wanted, observed),
        **content_settings(wanted, observed),
        **connection_settings(wanted, observed),
        **registry_settings(wanted, observed),
        **telemetry_settings(wanted, observed),
        **collect_settings(wanted, observed),
    }
    obsolete = {
        *obsolete_host_storage(wanted, observed),
        *obsolete_content(wanted, observed),
        *obsolete_connection(wanted, observed),
        *obsolete_registry_login(wanted),
        *obsolete_telemetry(wanted),
        *obsolete_collect(wanted),
    }
    kept = {name: value for name, value in observed.live_settings.items() if name not in obsolete}
    return {**kept, **ours, **users}


def settings_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The settings that differ, by name, without any value."""
    live = observed.live_settings
    merged = merged_settings(wanted, observed)
    changes = {name: "***" for name, value in merged.items() if value is None or live.get(name) != value}
    changes |= {name: "removed" for name in live if name not in merged}
    if observed.of(ObservedApp) is None and MACHINE_KEY not in merged:
        changes[MACHINE_KEY] = "***"
    return tuple(
        FieldChange(f"app setting `{name}`", "***" if name in live else None, after)
        for name, after in sorted(changes.items())
    )


def settings_to_write(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """The full set of settings; those of a new app, or slot, with a machine key.

    Raises:
        ValueError: A resource that a value is made from is not known: an error of the caller.
    """
    values: dict[str, str] = {}
    for name, value in merged_settings(wanted, observed).items():
        if value is None:
            message = f"the setting {name} is not known yet"
            raise ValueError(message)
        values[name] = value
    if observed.of(ObservedApp) is None:
        values.setdefault(MACHINE_KEY, new_machine_key())
    return values


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
