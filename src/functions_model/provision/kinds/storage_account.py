"""Storage accounts: made without public blobs and, with an identity, without shared keys; or used as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.finishing import finished
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import provider, resource_group
from functions_model.provision.kinds.generic import once_made
from functions_model.provision.network import OPEN, Network, allows, approved, is_public, perimeter
from functions_model.provision.nouns import NameQuestion
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.places import ObservedNames, not_there
from functions_model.provision.removable import Removal
from functions_model.provision.tags import is_ours

KIND = "storage account"
TYPE = "Microsoft.Storage/storageAccounts"


@dataclass(frozen=True, slots=True)
class ObservedStorage:
    """A live storage account; an endpoint that it lacks is empty.

    Attributes:
        takes_keys: Its keys open it.
        is_ours: This tool made it.
        state: `Succeeded`, `Creating` and the like; empty when it is not said.
        location: Its region, as the service spells it; empty when it is not said.
        network: Who is let in.
    """

    id: str
    blob: str
    queue: str
    table: str
    file: str = ""
    takes_keys: bool = True
    is_ours: bool = False
    state: str = ""
    location: str = ""
    network: Network = OPEN


@dataclass(frozen=True, slots=True)
class ObservedAccounts(Piece):
    """Live storage accounts, by name."""

    by_name: Mapping[str, ObservedStorage] = field(default_factory=dict)

    def over(self, earlier: ObservedAccounts | None) -> ObservedAccounts:
        """These and those that were known before."""
        return ObservedAccounts({**(earlier or ObservedAccounts()).by_name, **self.by_name})


def account_in(observed: Observed, name: str) -> ObservedStorage | None:
    """The live account of a name."""
    return observed.all_of(ObservedAccounts).by_name.get(name)


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedAccounts:  # noqa: ARG001
    """The accounts of those names, in the group; one that is still being made is waited for: it lacks its endpoints."""
    names = wanted.storage_accounts
    with ThreadPoolExecutor(max_workers=len(names)) as threads:
        accounts = list(threads.map(lambda name: _once_made(clients, wanted, name), names))
    found = zip(names, accounts, strict=True)
    return ObservedAccounts({name: account for name, account in found if account is not None})


def _once_made(clients: AzureClients, wanted: Wanted, name: str) -> ObservedStorage | None:
    return once_made(lambda: _read(clients, wanted, name), _is_made, f"the {KIND} `{name}`", clients)


def _is_made(account: ObservedStorage) -> bool:
    return account.state in {"", "Succeeded"}


def _read(clients: AzureClients, wanted: Wanted, name: str) -> ObservedStorage | None:
    accounts = clients.storage.storage_accounts
    try:
        group = wanted.group_of(TYPE, name)
        return _observed(accounts.get_properties(resource_group_name=group, account_name=name))
    except ResourceNotFoundError:
        return None


def _observed(account: Any) -> ObservedStorage:
    endpoints = account.primary_endpoints
    return ObservedStorage(
        id=str(account.id),
        blob=str((endpoints and endpoints.blob) or ""),
        queue=str((endpoints and endpoints.queue) or ""),
        table=str((endpoints and endpoints.table) or ""),
        file=str((endpoints and endpoints.file) or ""),
        # Nothing said means yes.
        takes_keys=account.allow_shared_key_access is not False,
        is_ours=is_ours(account.tags),
        location=str(account.location or ""),
        state=str(getattr(account.provisioning_state, "value", account.provisioning_state) or ""),
        network=_network(account),
    )


def _network(account: Any) -> Network:
    """Rules for addresses do not hold for requests from the account's own region, where the app is as a rule.

    https://learn.microsoft.com/azure/storage/common/storage-network-security-limitations.
    """
    rules, access = account.network_rule_set, account.public_network_access
    endpoints = approved(account.private_endpoint_connections)
    if rules is None:
        return Network(is_public(access), has_endpoints=endpoints, untold=perimeter(access))
    return Network(
        public=is_public(access),
        open_to_all=allows(rules.default_action),
        subnets=frozenset(str(rule.virtual_network_resource_id).lower() for rule in rules.virtual_network_rules or ()),
        addresses=tuple(str(rule.ip_address_or_range) for rule in rules.ip_rules or ()),
        own_region=str(account.location or ""),
        has_endpoints=endpoints,
        has_others=bool(rules.resource_access_rules),
        untold=perimeter(access),
    )


_NEEDED = {
    "storage-account": (("blob", "queue", "table"), "the Functions host"),
    "data-storage-account": (("blob", "queue"), "the trigger"),
    "collect-storage-account": (("blob",), "what is collected"),
}
"""By the input that names an account: the services that are needed of it, and by whom."""


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A name that is taken, or an account without queues or tables."""
    found = (_problem(name, wanted, observed) for name in wanted.storage_accounts)
    return tuple(problem for problem in found if problem is not None)


def _problem(name: str, wanted: Wanted, observed: Observed) -> Problem | None:
    subject = wanted.resources.input_of_account(name)
    account = account_in(observed, name)
    if account is None and wanted.is_in_other_group(TYPE, name):
        return not_there(KIND, TYPE, name, wanted, subject)
    if account is None:
        refusal = observed.all_of(ObservedNames).refusal(TYPE, name)
        return refusal.problem(KIND, name, subject) if refusal else None
    if not _is_made(account):
        what = f"the storage account `{name}` is not ready, its state is {account.state}"
        return Problem(what, f"Wait until it is, or set `{subject}` to another name.", subject)
    needed, who = _NEEDED[subject]
    missing = [service for service in needed if not getattr(account, service)]
    if not missing:
        return _keys_problem(name, account) if _lacks_keys(wanted, account) and not account.is_ours else None
    what = f"the storage account `{name}` has no {' and no '.join(missing)} service, which {who} needs"
    return Problem(what, f"Set `{subject}` to a general-purpose account, or to a new name.", subject)


def _lacks_keys(wanted: Wanted, account: ObservedStorage) -> bool:
    return wanted.by_keys and not account.takes_keys


def _keys_problem(name: str, account: ObservedStorage) -> Problem:
    what = f"the storage account `{name}` has shared key access turned off, but `access: keys` needs it"
    remedy = (
        f"Switch them on: `az storage account update --ids {account.id} --allow-shared-key-access true`. Or choose "
        "`access: identity`."
    )
    return Problem(what, remedy, "access")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep each."""
    return tuple(_change(name, wanted, observed) for name in wanted.storage_accounts)


def _change(name: str, wanted: Wanted, observed: Observed) -> Change:
    resource_id = wanted.id_of(TYPE, name)
    if (account := account_in(observed, name)) is not None:
        if not _lacks_keys(wanted, account):
            return Change(KIND, name, Action.KEEP, resource_id=resource_id)
        change = (FieldChange("shared-key access", "off", "on"),)
        return Change(KIND, name, Action.UPDATE, change, "`access: keys` needs it", resource_id=resource_id)
    fields = (
        FieldChange("kind", None, "StorageV2"),
        FieldChange("replication", None, "Standard_LRS"),
        FieldChange("minimum TLS version", None, "1.2"),
        FieldChange("public blob access", None, "off"),
        FieldChange("shared-key access", None, "on" if wanted.by_keys else "off"),
        FieldChange("location", None, wanted.target.location),
    )
    depends_on = (resource_group.key(wanted), *provider.keys(provider.STORAGE))
    return Change(KIND, name, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def write(writing: Writing, observed: Observed) -> ObservedAccounts:  # noqa: ARG001
    """Create it and wait until it is there (about 17 s); or switch its keys on.

    A create that was answered 429 or 503 may have been done all the same; its retry then meets 409. So at a 409 the
    account is looked for in our own group first (https://github.com/Azure/azure-cli/issues/31148).
    """
    wanted, name = writing.wanted, writing.change.name
    if writing.change.action is Action.UPDATE:
        return _switch_keys_on(writing)
    body: Any = body_of(wanted, name)
    accounts = writing.clients.storage.storage_accounts
    try:
        poller = accounts.begin_create(resource_group_name=wanted.names.group, account_name=name, parameters=body)
        return ObservedAccounts({name: _observed(finished(poller))})
    except ResourceExistsError as exc:
        if explain(exc, "create it").passes or _read(writing.clients, wanted, name) is None:
            raise
        return ObservedAccounts({name: _made_before(writing, name)})


def body_of(wanted: Wanted, _: str) -> dict[str, Any]:
    """What one is created with."""
    return {
        "location": wanted.target.location,
        "tags": dict(wanted.tags),
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": wanted.by_keys,
            "supportsHttpsTrafficOnly": True,
        },
    }


def _made_before(writing: Writing, name: str) -> ObservedStorage:
    """The account that a create made whose answer was lost. It may still be under way, without all endpoints."""
    found: list[ObservedStorage] = []

    def is_there() -> bool:
        where = {"resource_group_name": writing.wanted.names.group, "account_name": name}
        found[:] = [_observed(writing.clients.storage.storage_accounts.get_properties(**where))]
        return _is_made(found[0])

    writing.patience.until(is_there, f"the storage account `{name}`")
    return found[0]


def _switch_keys_on(writing: Writing) -> ObservedAccounts:
    name = writing.change.name
    body: Any = {"properties": {"allowSharedKeyAccess": True}}
    account = writing.clients.storage.storage_accounts.update(
        resource_group_name=writing.wanted.group_of(TYPE, name), account_name=name, parameters=body
    )
    return ObservedAccounts({name: _observed(account)})


def key(name: str) -> str:
    """What the app, containers and the roles on the account depend on."""
    return key_of(KIND, name)


def unique_names(clients: AzureClients, wanted: Wanted, seen: Observed) -> Iterator[NameQuestion]:
    """The accounts' that are not there."""
    accounts = clients.storage.storage_accounts
    for name in wanted.storage_accounts:
        if account_in(seen, name) is None and not wanted.is_in_other_group(TYPE, name):
            body: Any = {"name": name, "type": TYPE}
            yield NameQuestion(KIND, TYPE, name, partial(accounts.check_name_availability, account_name=body))


STORAGE_ACCOUNT = Kind(
    KIND,
    difference,
    write,
    looks=(Look("storage accounts", (ObservedAccounts,), observe),),
    problems=problems,
    type=TYPE,
    named_by={
        "storage-account": lambda names: names.storage_account,
        "data-storage-account": lambda names: names.data_storage_account,
        "collect-storage-account": lambda names: names.collect_storage_account,
    },
    unique_names=unique_names,
    removal=Removal(
        3,
        lambda clients, group, name: clients.storage.storage_accounts.get_properties(group, name),
        lambda it: it.clients.storage.storage_accounts.delete(it.group, it.name),
        holds_data=True,
        used_by_roles=True,
    ),
    body=body_of,
)
