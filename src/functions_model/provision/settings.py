"""The app settings: ours and the user's over those that are there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from functions_model.provision.nouns import BlobData, FieldChange, QueueData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

MACHINE_KEY = "MACHINEKEY_DecryptionKey"
"""Resource Manager proves itself to a Linux host with it; without, keys cannot be listed. Made once, then kept."""

HOST_STORAGE = "AzureWebJobsStorage"
"""When a connection string has this very name, the host ignores every `AzureWebJobsStorage__*` setting."""

CONNECTION = "TriggerConnectionString"
"""What function.json of a blob or queue trigger names. Here, too, a setting of this very name goes before the rest."""

_BLOB_URI, _QUEUE_URI = f"{CONNECTION}__blobServiceUri", f"{CONNECTION}__queueServiceUri"
_NAMESPACE = f"{CONNECTION}__fullyQualifiedNamespace"
_CREDENTIAL, _CLIENT_ID = f"{CONNECTION}__credential", f"{CONNECTION}__clientId"

_FIXED = {
    "FUNCTIONS_EXTENSION_VERSION": "~4",
    # The default mounts shared storage over /home and hides the image's own functions.
    "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
    # Else the worker's own protobuf and grpc come before the user's (Python 3.12 and older; later ones ignore it).
    "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1",
}


def merged_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """Every setting that the app must have: what others set stays, ours come over it, the user's come last.

    Of ours, those of another trigger go. A value that is not known before a resource exists is None.
    """
    live = observed.app.settings if observed.app else {}
    users = {name: secret.reveal() for name, secret in wanted.app_settings.items()}
    ours: dict[str, str | None] = dict(_FIXED)
    if HOST_STORAGE not in live and HOST_STORAGE not in users:
        ours |= _host_storage(wanted, observed)
    if CONNECTION not in live and CONNECTION not in users:
        ours |= _connection(wanted, observed)
    kept = {name: value for name, value in live.items() if name not in _obsolete(wanted, live)}
    return {**kept, **ours, **users}


def _host_storage(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """The host storage by identity: `AzureWebJobsStorage__accountName` would serve the public cloud only."""
    storage, identity = observed.account(wanted.storage_account), observed.identity
    return {
        "AzureWebJobsStorage__blobServiceUri": storage.blob if storage else None,
        "AzureWebJobsStorage__queueServiceUri": storage.queue if storage else None,
        "AzureWebJobsStorage__tableServiceUri": storage.table if storage else None,
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": identity.client_id if identity else None,
    }


def _connection(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What the trigger works on, by identity; nothing with an HTTP trigger."""
    if wanted.data is None:
        return {}
    client_id = observed.identity.client_id if observed.identity else None
    return {**_address(wanted.data, observed), _CREDENTIAL: "managedidentity", _CLIENT_ID: client_id}


def _address(data: BlobData | QueueData, observed: Observed) -> dict[str, str | None]:
    """A blob trigger needs the queue service too, for blobs that cannot be scored."""
    match data:
        case BlobData():
            account = observed.account(data.account)
            return {_BLOB_URI: account.blob if account else None, _QUEUE_URI: account.queue if account else None}
        case QueueData():
            return {_NAMESPACE: (observed.namespace.host or None) if observed.namespace else None}


def _obsolete(wanted: Wanted, live: Mapping[str, str]) -> frozenset[str]:
    """Settings that were ours while the app had another trigger."""
    match wanted.data:
        case None:
            names = {_BLOB_URI, _QUEUE_URI, _NAMESPACE, _CREDENTIAL, _CLIENT_ID}
        case BlobData():
            names = {_NAMESPACE}
        case QueueData():
            names = {_BLOB_URI, _QUEUE_URI}
    return frozenset(names & live.keys())


def settings_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The settings that differ, by name, without any value."""
    live: Mapping[str, str] = observed.app.settings if observed.app else {}
    merged = merged_settings(wanted, observed)
    changes = {name: "***" for name, value in merged.items() if value is None or live.get(name) != value}
    changes |= {name: "removed" for name in live if name not in merged}
    if MACHINE_KEY not in merged:
        changes[MACHINE_KEY] = "***"
    return tuple(
        FieldChange(f"app setting `{name}`", "***" if name in live else None, after)
        for name, after in sorted(changes.items())
    )


def settings_to_write(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """The full set of settings, with a machine key made when there is none.

    Raises:
        ValueError: A resource that a value is made from is not known: an error of the caller.
    """
    values: dict[str, str] = {}
    for name, value in merged_settings(wanted, observed).items():
        if value is None:
            message = f"the setting {name} is not known yet"
            raise ValueError(message)
        values[name] = value
    values.setdefault(MACHINE_KEY, secrets.token_hex(32).upper())
    return values
