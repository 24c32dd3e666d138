"""Which permission a request to a storage service takes, and at which scope.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory has the table, operation by
operation, under "Permissions for calling data operations".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROVIDER = "Microsoft.Storage/storageAccounts"
_BLOBS, _QUEUES, _TABLES = (f"{_PROVIDER}/{kind}Services" for kind in ("blob", "queue", "table"))
_CONTAINER, _BLOB = f"{_BLOBS}/containers", f"{_BLOBS}/containers/blobs"
_QUEUE, _MESSAGE = f"{_QUEUES}/queues", f"{_QUEUES}/queues/messages"
_TABLE, _ENTITY = f"{_TABLES}/tables", f"{_TABLES}/tables/entities"
_READING = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Needed:
    """What a request takes.

    Attributes:
        choices: Sets of permissions, one of which has to be held in full; empty where no role gives it.
        below: Where, below the account's id; empty for the account.
        data: Whether `dataActions` give them; `actions` otherwise.
    """

    choices: tuple[frozenset[str], ...]
    below: str = ""
    data: bool = False


def needed_for(service: str, method: str, path: str, query: Mapping[str, str]) -> Needed:
    """What a request takes.

    Args:
        service: `blob`, `queue` or `table`.
        method: Upper case.
        path: Below the account, without a leading slash.
        query: Its parameters.
    """
    first, _, rest = path.partition("/")
    if service == "blob":
        return _blob(method, first, query)
    return _queue(method, first, rest, query) if service == "queue" else _table(method, first, query)


def _one(*permissions: str, below: str = "", data: bool = False) -> Needed:
    """Any of these permissions will do."""
    return Needed(tuple(frozenset({one}) for one in permissions), below, data)


def _verb(method: str) -> str:
    return "read" if method in _READING else "delete" if method == "DELETE" else "write"


def _service(kind: str, method: str, query: Mapping[str, str], *, listing: str) -> Needed:
    """An operation on the service as a whole."""
    if query.get("comp") == "list":
        return _one(listing)
    return _one(f"{kind}/write" if method == "PUT" else f"{kind}/read")


def _blob(method: str, container: str, query: Mapping[str, str]) -> Needed:
    comp, about = query.get("comp", ""), query.get("restype", "")
    below = f"/blobServices/default/containers/{container}" if container else ""
    if comp in {"batch", "blobs"}:
        return _one(f"{_BLOB}/{'delete' if comp == 'batch' else 'filter/action'}", below=below, data=True)
    if not container or about in {"service", "account"}:
        return _blob_service(method, comp, about, query)
    return _on_container(method, comp, below) if about == "container" else _on_blob(method, comp, below)


def _blob_service(method: str, comp: str, about: str, query: Mapping[str, str]) -> Needed:
    if about == "account":
        return _one(f"{_BLOBS}/getInfo/action")
    if comp == "userdelegationkey":
        return _one(f"{_BLOBS}/generateUserDelegationKey/action")
    return _service(_BLOBS, method, query, listing=f"{_CONTAINER}/read")


def _on_blob(method: str, comp: str, below: str) -> Needed:
    if comp == "tags":
        verbs = ["tags/write" if method == "PUT" else "tags/read"]
    elif method in _READING or comp == "query":
        verbs = ["read"]
    else:
        verbs = ["delete"] if method == "DELETE" else ["write", "add/action"] if comp == "appendblock" else ["write"]
    return _one(*(f"{_BLOB}/{verb}" for verb in verbs), below=below, data=True)


def _on_container(method: str, comp: str, below: str) -> Needed:
    if comp == "list":
        return _one(f"{_BLOB}/read", below=below, data=True)
    if comp == "acl":
        return _one(f"{_CONTAINER}/{'setAcl' if method == 'PUT' else 'getAcl'}/action", below=below)
    return _one(f"{_CONTAINER}/{_verb(method)}", below=below)


def _queue(method: str, queue: str, rest: str, query: Mapping[str, str]) -> Needed:
    if not queue:
        return _service(_QUEUES, method, query, listing=f"{_QUEUE}/read")
    below = f"/queueServices/default/queues/{queue}"
    if rest:
        return Needed(_on_messages(method, rest, query), below, data=True)
    if query.get("comp") == "acl":
        return _one(f"{_QUEUE}/{'setAcl' if method == 'PUT' else 'getAcl'}/action", below=below)
    return _one(f"{_QUEUE}/{_verb(method)}", below=below)


def _on_messages(method: str, rest: str, query: Mapping[str, str]) -> tuple[frozenset[str], ...]:
    read, write, delete = (frozenset({f"{_MESSAGE}/{verb}"}) for verb in ("read", "write", "delete"))
    process, add = frozenset({f"{_MESSAGE}/process/action"}), frozenset({f"{_MESSAGE}/add/action"})
    if method == "GET":
        return (read,) if query.get("peekonly") == "true" else (process, read | delete)
    if method == "POST":
        return (add, write)
    if method == "PUT":
        return (write,)
    return (process, delete) if rest.partition("/")[2] else (delete,)


def _table(method: str, name: str, query: Mapping[str, str]) -> Needed:
    if not name:
        return _service(_TABLES, method, query, listing=f"{_TABLE}/read")
    table = name.partition("(")[0]
    if table == "Tables":
        return _one(f"{_TABLE}/{_verb(method)}")
    below = "" if table == "$batch" else f"/tableServices/default/tables/{table}"
    if query.get("comp") == "acl":
        return Needed((), below)
    verbs = [_verb(method)]
    if verbs == ["write"] and below:
        verbs.append("add/action" if method == "POST" else "update/action")
    return _one(*(f"{_ENTITY}/{verb}" for verb in verbs), below=below, data=True)
