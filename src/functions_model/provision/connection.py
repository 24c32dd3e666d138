"""The trigger's connection: which account or namespace it means, and who it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import Problem
from functions_model.provision.nouns import BlobData, QueueData

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

CONNECTION = "TriggerConnectionString"
"""What function.json of a blob or queue trigger names."""

_PLAIN = (f"azurewebjobs{CONNECTION}".lower(), CONNECTION.lower())
"""Where the host looks for a connection string, in its order; when there is one, it ignores `__` settings."""

_BLOB_URI, _QUEUE_URI = f"{CONNECTION}__blobServiceUri", f"{CONNECTION}__queueServiceUri"
_NAMESPACE = f"{CONNECTION}__fullyQualifiedNamespace"
_CREDENTIAL, _CLIENT_ID = f"{CONNECTION}__credential", f"{CONNECTION}__clientId"


def connection_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What the trigger works on, by identity; nothing with an HTTP trigger, or beside a connection string."""
    if wanted.data is None or _connection_string(wanted, observed):
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


def obsolete_names(wanted: Wanted) -> frozenset[str]:
    """Settings that were ours while the app had another trigger."""
    match wanted.data:
        case None:
            return frozenset({_BLOB_URI, _QUEUE_URI, _NAMESPACE, _CREDENTIAL, _CLIENT_ID})
        case BlobData():
            return frozenset({_NAMESPACE})
        case QueueData():
            return frozenset({_BLOB_URI, _QUEUE_URI})


def connection_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A connection string that goes before our settings and is one of another service."""
    name, value = _connection_string(wanted, observed) or ("", "")
    is_service_bus = "endpoint=sb://" in value.lower()
    is_storage = any(part in value.lower() for part in ("accountname=", "blobendpoint=", "usedevelopmentstorage="))
    match wanted.data:
        case BlobData() if is_service_bus:
            service = "storage account"
        case QueueData() if is_storage:
            service = "Service Bus namespace"
        case _:
            return ()
    what = f"the app setting `{name}` is a connection string, and not one of a {service}"
    remedy = (
        f"Give one of a {service} with `app-settings`, or delete it, to connect by identity: az functionapp config "
        f"appsettings delete --name {wanted.app_name} --resource-group {wanted.group} --setting-names {name}"
    )
    return (Problem(what, remedy, "app-settings"),)


def _connection_string(wanted: Wanted, observed: Observed) -> tuple[str, str] | None:
    """Name and value of the one that counts: the user's own, or one that is live. Case does not count in names."""
    live = observed.app.settings if observed.app else {}
    users = {name: secret.reveal() for name, secret in wanted.app_settings.items()}
    known = {name.lower(): (name, value) for name, value in {**live, **users}.items() if value}
    return next((known[name] for name in _PLAIN if name in known), None)
