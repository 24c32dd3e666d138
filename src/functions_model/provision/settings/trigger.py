"""The trigger's connection: which account or namespace it means, and who or what opens it there."""

from __future__ import annotations

from functions_model.core.failures import Problem
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import service_bus_namespace
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import account_in
from functions_model.provision.nouns import BlobData, QueueData
from functions_model.provision.observed import Observed
from functions_model.provision.settings.connection_strings import (
    ObservedKeys,
    account_of,
    namespace_of,
    namespace_string,
)
from functions_model.provision.settings.host_storage import account_setting

CONNECTION = "TriggerConnectionString"
"""What function.json of a blob or queue trigger names."""

_PREFIXED = f"AzureWebJobs{CONNECTION}"
"""Where the host looks first. We never set it: it is the user's way to connect to something else."""

_BLOB_URI, _QUEUE_URI = f"{CONNECTION}__blobServiceUri", f"{CONNECTION}__queueServiceUri"
_NAMESPACE = f"{CONNECTION}__fullyQualifiedNamespace"
_CREDENTIAL, _CLIENT_ID = f"{CONNECTION}__credential", f"{CONNECTION}__clientId"
_OURS = frozenset({_BLOB_URI, _QUEUE_URI, _NAMESPACE, _CREDENTIAL, _CLIENT_ID})


def sets_connection(wanted: Wanted, observed: Observed) -> bool:
    """Whether the connection is ours to set. When there is a connection string, the host ignores `__` settings."""
    return wanted.data is not None and _of_others(wanted, observed) is None


def connection_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What the trigger works on; nothing with an HTTP trigger, or beside another's connection string."""
    who = observed.of(ObservedIdentity)
    if wanted.data is None or not sets_connection(wanted, observed):
        return {}
    if wanted.by_keys:
        return {CONNECTION: _by_key(wanted.data, observed)}
    client_id = who.client_id if who else None
    return {**_address(wanted.data, observed), _CREDENTIAL: "managedidentity", _CLIENT_ID: client_id}


def _by_key(data: BlobData | QueueData, observed: Observed) -> str | None:
    """A connection string; None as long as what it opens, or its keys, are not known."""
    namespace = observed.of(ObservedNamespace)
    if isinstance(data, BlobData):
        return account_setting(CONNECTION, data.account, observed)
    keys = observed.all_of(ObservedKeys).by_owner.get(service_bus_namespace.key(data.namespace))
    if namespace is None or keys is None:
        return None
    return namespace_string(namespace, keys, observed.live_settings.get(CONNECTION, ""))


def _address(data: BlobData | QueueData, observed: Observed) -> dict[str, str | None]:
    """A blob trigger needs the queue service too, for blobs that cannot be scored."""
    namespace = observed.of(ObservedNamespace)
    match data:
        case BlobData():
            account = account_in(observed, data.account)
            return {_BLOB_URI: account.blob if account else None, _QUEUE_URI: account.queue if account else None}
        case QueueData():
            return {_NAMESPACE: (namespace.host or None) if namespace else None}


def obsolete_connection(wanted: Wanted, observed: Observed) -> frozenset[str]:
    """Settings that were ours while the app had another trigger, or another kind of access."""
    # Beside a connection string the host looks at no other setting.
    asked = frozenset() if wanted.by_keys and sets_connection(wanted, observed) else _asked(wanted)
    is_left_over = bool(_service_of(observed.live_settings.get(CONNECTION, "")))
    if is_left_over and (wanted.data is None or not wanted.by_keys):
        return (_OURS - asked) | {CONNECTION}
    return _OURS - asked


def _asked(wanted: Wanted) -> frozenset[str]:
    """Those of ours that the trigger needs, by identity."""
    match wanted.data:
        case None:
            return frozenset()
        case BlobData():
            return _OURS - {_NAMESPACE}
        case QueueData():
            return _OURS - {_BLOB_URI, _QUEUE_URI}


def connection_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A connection string that goes before ours and is one of another service, or one that leads elsewhere."""
    others = _of_others(wanted, observed)
    problem = _service_problem(wanted, *others) if others else _place_problem(wanted, observed)
    return () if problem is None else (problem,)


def _service_problem(wanted: Wanted, name: str, value: str) -> Problem | None:
    if wanted.data is None or _service_of(value) in {"", _service(wanted.data)}:
        return None
    service = _service(wanted.data)
    what = f"the app setting `{name}` is a connection string, and not one of a {service}"
    remedy = f"Give one of a {service} with `app-settings`, or delete it, to have it set up: {_deletion(wanted, name)}"
    return Problem(what, remedy, "app-settings")


def _place_problem(wanted: Wanted, observed: Observed) -> Problem | None:
    """The app works on something else than what the inputs name: to change that in silence would lose its input."""
    live = observed.live_settings.get(CONNECTION, "")
    match wanted.data:
        case BlobData(account=account):
            theirs, subject, ours = account_of(live), "data-storage-account", account
            differs = theirs not in {"", account.lower()}
        case QueueData(namespace=namespace):
            host, subject, ours = namespace_of(live), "service-bus-namespace", namespace
            theirs = host.partition(".")[0]
            differs = theirs not in {"", namespace.lower()} and not _is_host_of(observed, host)
        case _:
            return None
    if not differs:
        return None
    what = f"the app's trigger is connected to the {_service(wanted.data)} `{theirs}`, not to `{ours}`"
    return Problem(what, f"Set `{subject}` to `{theirs}`, or disconnect it: {_deletion(wanted, CONNECTION)}", subject)


def _is_host_of(observed: Observed, host: str) -> bool:
    namespace = observed.of(ObservedNamespace)
    return namespace is not None and host == namespace.host.lower()


def _service(data: BlobData | QueueData) -> str:
    return "storage account" if isinstance(data, BlobData) else "Service Bus namespace"


def _service_of(value: str) -> str:
    """What a connection string opens; empty for what is none, such as a reference to a key vault."""
    if namespace_of(value) or "endpoint=sb://" in value.lower():
        return "Service Bus namespace"
    is_storage = any(part in value.lower() for part in ("accountname=", "blobendpoint=", "usedevelopmentstorage="))
    return "storage account" if is_storage else ""


def _deletion(wanted: Wanted, name: str) -> str:
    return wanted.host.commands.deletes_setting(wanted.names.at(), name)


def _of_others(wanted: Wanted, observed: Observed) -> tuple[str, str] | None:
    """Name and value of the connection string that the host takes before ours. Case does not count in names.

    It is the user's own, or a live one by the name that we never set, or one that names no place.
    """
    users = {name: secret.reveal() for name, secret in wanted.target.app_settings.items()}
    live = observed.live_settings
    known = {name.lower(): (name, value) for name, value in {**live, **users}.items() if value}
    if found := known.get(_PREFIXED.lower()):
        return found
    found = known.get(CONNECTION.lower())
    return found if found and (found[0] in users or not _service_of(found[1])) else None
